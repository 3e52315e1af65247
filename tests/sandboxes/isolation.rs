//! What a program in a local sandbox can see of the machine and do to it: nothing.

use crate::support::*;
use std::collections::BTreeMap;
use trainable::sandbox::{
    Access, ExecSpec, Gpu, Limits, Mount, Program, SandboxError, SandboxProvider, SandboxSpec,
    Warmth,
};

/// Runs a program that prints `contained` when what it tried was refused.
async fn contained(local: &Local, attacks: &[(&str, &str)]) {
    for (what, code) in attacks {
        let code = format!(
            "import os, sys, socket, ctypes\n\
             libc = ctypes.CDLL(None, use_errno=True)\n\
             def refused(call, *args):\n\
             \x20   done = libc.syscall(call, *args)\n\
             \x20   print('contained' if done == -1 and ctypes.get_errno() == 1 else f'got {{done}} {{ctypes.get_errno()}}')\n\
             def fails(action):\n\
             \x20   try: print('got', action())\n\
             \x20   except OSError: print('contained')\n\
             {code}"
        );
        let ran = python(local.provider(), &code).await;
        let stderr = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.text().trim(), "contained", "{what}: {:?} {stderr}", ran.exit);
    }
}

#[tokio::test]
async fn the_machine_is_out_of_reach() {
    let local = Local::new().await;
    local.provider().volume(&name("sessions/other")).await.unwrap();
    let data = local.data().display().to_string();
    let host_file = format!("fails(lambda: os.listdir({data:?}))");
    contained(
        &local,
        &[
            ("the data directory", &host_file),
            ("the host's users", "print('contained' if 'root' not in open('/etc/passwd').read() else 'got')"),
            ("the host's secrets", "fails(lambda: open('/etc/shadow').read())"),
            ("home folders", "fails(lambda: os.listdir('/root'))"),
            ("other volumes", "print('contained' if os.listdir('/data') == ['sessions'] and os.listdir('/data/sessions') == ['s'] else 'got')"),
            ("the root", "fails(lambda: open('/x', 'w'))"),
            ("/dev", "fails(lambda: open('/dev/x', 'w'))"),
            ("/usr", "fails(lambda: open('/usr/x', 'w'))"),
            ("/etc", "fails(lambda: open('/etc/passwd', 'a'))"),
            ("the interpreter's packages", "fails(lambda: open('/opt/trainable/sdk/x', 'w'))"),
            ("/proc/sys", "fails(lambda: open('/proc/sys/kernel/hostname', 'w').write('x'))"),
            ("beside the mount", "fails(lambda: open('/data/x', 'w'))"),
            ("other processes", "print('contained' if {p for p in os.listdir('/proc') if p.isdigit()} == {'1', '2'} else os.listdir('/proc'))"),
            ("devices", "fails(lambda: os.mknod('disk', 0o60600, os.makedev(254, 0)))"),
            ("the user", "print('contained' if os.getuid() != 0 and os.getgroups() in ([], [os.getgid()], [65534]) else (os.getuid(), os.getgroups()))"),
            ("capabilities", "print('contained' if 'CapEff:\\t0000000000000000' in open('/proc/self/status').read() else 'got')"),
            ("privileges to come", "print('contained' if 'NoNewPrivs:\\t1' in open('/proc/self/status').read() else 'got')"),
            ("terminals", "fails(lambda: open('/dev/tty'))"),
        ],
    )
    .await;
    local.finish().await;
}

#[tokio::test]
async fn the_network_is_out_of_reach() {
    let local = Local::new().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let loopback = format!("fails(lambda: socket.create_connection(('127.0.0.1', {port}), 2))");
    // An abstract socket belongs to a network namespace, whatever the file system hides.
    use std::os::linux::net::SocketAddrExt;
    let secret = format!("trainable-test-{port}");
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&secret).unwrap();
    let _abstract = std::os::unix::net::UnixListener::bind_addr(&address).unwrap();
    let hidden = format!("fails(lambda: socket.socket(socket.AF_UNIX).connect('\\0{secret}'))");
    contained(
        &local,
        &[
            ("loopback", &loopback),
            ("an abstract socket", &hidden),
            ("outside", "fails(lambda: socket.create_connection(('192.0.2.1', 80), 2))"),
            ("names", "fails(lambda: socket.getaddrinfo('example.org', 80))"),
            (
                "interfaces",
                "print('contained' if [n for _, n in socket.if_nameindex()] == ['lo'] else 'got')",
            ),
            ("vsock", "fails(lambda: socket.socket(40, socket.SOCK_STREAM))"),
            ("packets", "fails(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))"),
            ("netlink", "fails(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12))"),
            ("kernel crypto", "fails(lambda: socket.socket(38, socket.SOCK_SEQPACKET))"),
        ],
    )
    .await;
    local.finish().await;
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn the_kernels_odd_corners_are_out_of_reach() {
    let local = Local::new().await;
    contained(
        &local,
        &[
            ("unshare", "refused(272, 0x10000000)"),
            ("setns", "refused(308, 0, 0)"),
            ("clone into a user namespace", "refused(56, 0x10000000 | 17, 0, 0, 0, 0)"),
            ("mount", "refused(165, b'x', b'/tmp', b'tmpfs', 0, 0)"),
            ("the new mount calls", "refused(430, b'tmpfs', 0)"),
            ("chroot", "refused(161, b'/tmp')"),
            ("ptrace", "refused(101, 0, 0, 0, 0)"),
            ("other memory", "refused(310, 1, 0, 0, 0, 0, 0)"),
            ("keyctl", "refused(250, 0, 0)"),
            ("bpf", "refused(321, 0, 0, 0)"),
            ("io_uring", "refused(425, 8, 0)"),
            ("perf", "refused(298, 0, 0, -1, -1, 0)"),
            ("userfaultfd", "refused(323, 0)"),
            ("kexec", "refused(246, 0, 0, 0, 0)"),
            ("modules", "refused(313, 0, b'', 0)"),
            ("reboot", "refused(169, 0, 0, 0, 0)"),
            ("the clock", "refused(227, 0, 0)"),
            ("clone3", "done = libc.syscall(435, 0, 0)\nprint('contained' if ctypes.get_errno() == 38 else 'got')"),
            ("x32", "done = libc.syscall(0x40000000 + 101, 0, 0, 0, 0)\nprint('contained' if ctypes.get_errno() == 38 else 'got')"),
        ],
    )
    .await;
    local.finish().await;
}

#[tokio::test]
async fn nothing_of_the_server_is_inherited() {
    let local = Local::new().await;
    // Inheritable on purpose, as a careless library would leave it.
    let secret = tempfile::tempfile().unwrap();
    rustix::io::fcntl_setfd(&secret, rustix::io::FdFlags::empty()).unwrap();
    // A busy server: its descriptors have higher numbers than a sandbox may open.
    let many: Vec<_> = (0..300).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
    let ran = python(
        local.provider(),
        "import os\n\
         print(open('/proc/self/environ').read().replace('\\0', '\\n'))\n\
         for n, v in os.environ.items(): print(f'{n}={v}')\n\
         try: open('/proc/1/environ').read(); print('process=1')\n\
         except PermissionError: pass\n\
         print(sorted(os.listdir('/proc/self/fd')), 'descriptors')",
    )
    .await;
    let printed = ran.printed();
    let allowed = [
        "HOME",
        "JE_ARROW_MALLOC_CONF",
        "LANG",
        "LC_CTYPE",
        "LOKY_MAX_CPU_COUNT",
        "MKL_NUM_THREADS",
        "MPLBACKEND",
        "MPLCONFIGDIR",
        "NUMEXPR_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OMP_WAIT_POLICY",
        "OPENBLAS_NUM_THREADS",
        "PATH",
        "PWD",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
        "PYTHONNOUSERSITE",
        "PYTHONPATH",
        "PYTHONSAFEPATH",
        "PYTHONUNBUFFERED",
        "PYTHON_CPU_COUNT",
        "RAYON_NUM_THREADS",
        "TMPDIR",
        "TRAINABLE_RECORD_FD",
        "TRAINABLE_RECORD_SOCKET",
        "TZ",
        "USER",
    ];
    let mut seen = 0;
    for line in printed.lines().filter(|line| line.contains('=')) {
        let name = line.split('=').next().unwrap();
        assert!(allowed.contains(&name), "`{name}` is in an environment");
        seen += 1;
    }
    assert!(seen >= 2 * (allowed.len() - 3), "the zygote's and its own were looked at: {seen}");
    let descriptors = "['0', '1', '2', '3', '4'] descriptors";
    assert!(printed.ends_with(descriptors), "{printed}");
    // The server's own environment is what must not be there; the test has one, too.
    assert!(!printed.contains(&std::env::var("CARGO_MANIFEST_DIR").unwrap()));
    drop(many);
    local.finish().await;
}

#[tokio::test]
async fn a_module_beside_the_data_is_not_imported() {
    let local = Local::new().await;
    let volume = local.provider().volume(&name("sessions/one")).await.unwrap();
    for trap in ["json.py", "pandas.py", "sitecustomize.py", "usercustomize.py", "trainable.py"] {
        write(&*volume, trap, b"print('trapped')").await;
    }
    let code = "import json\n\
        for name in ('pandas', 'trainable'):\n\
        \x20try: print(__import__(name).__file__.startswith('/data'))\n\
        \x20except ModuleNotFoundError: print(False)";
    assert_eq!(python(local.provider(), code).await.printed(), "False\nFalse");
    drop(volume);
    local.finish().await;
}

#[tokio::test]
async fn arguments_environment_and_working_folder_arrive() {
    let local = Local::new().await;
    let volume = local.provider().volume(&name("sessions/one")).await.unwrap();
    let code = "import os, sys; print(sys.argv[1:], os.environ['MINE'], os.environ['HOME'], os.getcwd(), __file__)";
    write(&*volume, "scripts/step_01_ü.py", code.as_bytes()).await;
    let sandbox = start(local.provider(), session("sessions/one"), small()).await;
    let path = "/data/sessions/s/scripts/step_01_ü.py".to_owned();
    let spec = ExecSpec {
        program: Program::Script { path, args: vec!["--".into(), "a b".into(), "-c".into()] },
        env: BTreeMap::from([("MINE".into(), "yes".into()), ("HOME".into(), "/root".into())]),
        workdir: "/tmp".into(),
        timeout: MINUTE,
    };
    let expect = "['--', 'a b', '-c'] yes /tmp /tmp /data/sessions/s/scripts/step_01_ü.py";
    assert_eq!(collect(&*sandbox, spec.clone()).await.printed(), expect);

    let gone = ExecSpec { workdir: "/nowhere".into(), ..spec };
    let Err(error) = sandbox.exec(gone).await else { panic!("ran nowhere") };
    assert!(error.to_string().contains("/nowhere"), "{error}");
    drop((sandbox, volume));
    local.finish().await;
}

#[tokio::test]
async fn a_volume_covers_nothing_of_the_system() {
    let local = Local::new().await;
    for at in
        ["/usr", "/", "/data", "/data/", "/data/../usr", "/data/a/../../usr", "data/a", "/proc"]
    {
        let mounts = vec![Mount { volume: name("a"), at: at.into(), access: Access::ReadWrite }];
        let spec = SandboxSpec { mounts, limits: small(), gpu: Gpu::None, warmth: Warmth::Cold };
        let started = local.provider().start(spec).await;
        assert!(matches!(started, Err(SandboxError::Io { .. })), "{at}");
    }
    local.finish().await;
}

#[tokio::test]
async fn many_at_once_keep_apart() {
    let local = Local::new().await;
    let limits = Limits { memory_mib: 128, ..small() };
    let runs = (0..8).map(|n| {
        let (provider, limits) = (local.provider(), limits);
        async move {
            let volume = format!("sessions/n{n}");
            let opened = provider.volume(&name(&volume)).await.unwrap();
            let code = format!(
                "import os; print({n}, os.listdir('.'), len(os.listdir('/data/sessions')))"
            );
            write(&*opened, "step.py", code.as_bytes()).await;
            let sandbox = start(provider, session(&volume), limits).await;
            let ran = collect(&*sandbox, script(MINUTE)).await;
            assert_eq!(ran.printed(), format!("{n} ['step.py'] 1"));
        }
    });
    futures::future::join_all(runs).await;
    local.finish().await;
}
