//! The kernel's own doors: system calls, terminals, files of the system, other instruction sets.

use super::{Achieved, World, contained, scripts::*};
use crate::support::*;
use libc::c_long;
use serde_json::{Value, json};
use std::sync::Arc;
use trainable::sandbox::Ending;

pub(super) async fn all(world: Arc<World>) {
    let told = json!({ "calls": calls() });
    let achieved = world.achieved("sessions/one", &CALLS, told).await;
    assert_eq!(achieved, refusals());

    let achieved = world.achieved("sessions/one", &TERMINAL, json!({})).await;
    contained(&achieved, 12);
    for what in ["typing into", "with a high half into", "the selection of"] {
        for fd in 0..3 {
            assert_eq!(achieved[&format!("{what} {fd}")], "EPERM", "only the filter says so");
        }
    }

    let host = world.local.data().display().to_string();
    let told = json!({ "host": [host], "sethostname": libc::SYS_sethostname });
    contained(&world.achieved("sessions/one", &WRITES, told).await, 50);
    assert!(!world.local.data().join("trapped").exists());

    another_instruction_set(&world).await;
    world.forget("sessions/one").await;
}

/// A program of i386 inside one of x86-64; other machines have no such thing.
#[cfg(target_arch = "x86_64")]
async fn another_instruction_set(world: &World) {
    let ran = world.run(&OTHER_ABI, small(), MINUTE).await;
    assert_eq!(ran.text(), "entering\n");
    // The filter's signal, or the processor's where the kernel does not know the other set at all.
    let killed = [Ending::Signal(libc::SIGSYS), Ending::Signal(libc::SIGSEGV)];
    assert!(killed.contains(&ran.exit.ending), "{:?}", ran.exit);
}

#[cfg(not(target_arch = "x86_64"))]
async fn another_instruction_set(_: &World) {
    eprintln!("abuse: not tried: this processor has one instruction set only");
}

type Call = (&'static str, c_long, Vec<Value>);

/// Flags of `clone`, each of which makes a namespace.
const NAMESPACES: &[(&str, i32)] = &[
    ("mount", libc::CLONE_NEWNS),
    ("cgroup", libc::CLONE_NEWCGROUP),
    ("uts", libc::CLONE_NEWUTS),
    ("ipc", libc::CLONE_NEWIPC),
    ("user", libc::CLONE_NEWUSER),
    ("pid", libc::CLONE_NEWPID),
    ("net", libc::CLONE_NEWNET),
];
const X32: c_long = 0x4000_0000;

fn calls() -> Vec<Value> {
    let mut calls: Vec<_> = denied().into_iter().chain(absent()).collect();
    for (kind, flag) in NAMESPACES {
        calls.push((kind, libc::SYS_unshare, vec![json!(flag)]));
    }
    let named = |(name, number, args): &Call| json!([name, number, args]);
    let mut all: Vec<_> = calls.iter().map(named).collect();
    for (kind, flag) in NAMESPACES {
        let args = json!([flag | libc::SIGCHLD, 0, 0, 0, 0]);
        all.push(json!([format!("clone into a new {kind}"), libc::SYS_clone, args]));
    }
    all
}

fn refusals() -> Achieved {
    let clones = NAMESPACES.iter().map(|(kind, _)| format!("clone into a new {kind}"));
    let kinds = NAMESPACES.iter().map(|(kind, _)| (*kind).to_owned());
    let denied = denied().into_iter().map(|(name, ..)| name.to_owned());
    let absent = absent().into_iter().map(|(name, ..)| (name.to_owned(), "ENOSYS".to_owned()));
    denied.chain(kinds).chain(clones).map(|name| (name, "EPERM".to_owned())).chain(absent).collect()
}

/// Refused by name, whatever they are asked for.
fn denied() -> Vec<Call> {
    let path = || json!("/tmp");
    let mut all = vec![
        ("setns", libc::SYS_setns, vec![json!(0), json!(0)]),
        ("mount", libc::SYS_mount, vec![json!("x"), path(), json!("tmpfs"), json!(0), json!(0)]),
        ("bind mount", libc::SYS_mount, vec![json!("/"), path(), json!(""), json!(4096), json!(0)]),
        ("remount", libc::SYS_mount, vec![json!(""), json!("/"), json!(""), json!(32), json!(0)]),
        ("umount", libc::SYS_umount2, vec![path(), json!(2)]),
        ("pivot_root", libc::SYS_pivot_root, vec![json!("."), json!(".")]),
        ("chroot", libc::SYS_chroot, vec![path()]),
        ("open_tree", libc::SYS_open_tree, vec![json!(-100), json!("/"), json!(1)]),
        ("open_tree_attr", OPEN_TREE_ATTR, vec![json!(-100), json!("/"), json!(0)]),
        ("fsopen", libc::SYS_fsopen, vec![json!("tmpfs"), json!(0)]),
        ("fsmount", libc::SYS_fsmount, vec![json!(0), json!(0), json!(0)]),
        ("move_mount", libc::SYS_move_mount, vec![json!(-100), path(), json!(-100), path()]),
        ("mount_setattr", libc::SYS_mount_setattr, vec![json!(-100), json!("/"), json!(0)]),
        ("ptrace", libc::SYS_ptrace, vec![json!(0), json!(0), json!(0), json!(0)]),
        ("ptrace 1", libc::SYS_ptrace, vec![json!(16), json!(1), json!(0), json!(0)]),
        ("process_vm_readv", libc::SYS_process_vm_readv, vec![json!(1), json!(0), json!(0)]),
        ("process_vm_writev", libc::SYS_process_vm_writev, vec![json!(1), json!(0), json!(0)]),
        ("pidfd_getfd", libc::SYS_pidfd_getfd, vec![json!(0), json!(0), json!(0)]),
        ("kcmp", libc::SYS_kcmp, vec![json!(1), json!(1), json!(0)]),
        ("prlimit 1", libc::SYS_prlimit64, vec![json!(1), json!(0), json!(0), json!(0)]),
        ("keyctl", libc::SYS_keyctl, vec![json!(0), json!(-3), json!(1)]),
        ("add_key", libc::SYS_add_key, vec![json!("user"), json!("x"), json!("x"), json!(1)]),
        ("request_key", libc::SYS_request_key, vec![json!("user"), json!("x"), json!(0)]),
        ("bpf", libc::SYS_bpf, vec![json!(0), json!(0), json!(0)]),
        ("io_uring_setup", libc::SYS_io_uring_setup, vec![json!(8), json!(0)]),
        ("io_uring_enter", libc::SYS_io_uring_enter, vec![json!(0), json!(0), json!(0)]),
        ("io_uring_register", libc::SYS_io_uring_register, vec![json!(0), json!(0), json!(0)]),
        ("perf_event_open", libc::SYS_perf_event_open, vec![json!(0), json!(0), json!(-1)]),
        ("userfaultfd", libc::SYS_userfaultfd, vec![json!(1)]),
        ("fanotify_init", libc::SYS_fanotify_init, vec![json!(0), json!(0)]),
        ("memfd_secret", libc::SYS_memfd_secret, vec![json!(0)]),
        ("open_by_handle_at", libc::SYS_open_by_handle_at, vec![json!(-100), json!(0)]),
        ("name_to_handle_at", libc::SYS_name_to_handle_at, vec![json!(-100), path(), json!(0)]),
        ("quotactl", libc::SYS_quotactl, vec![json!(0), json!("/"), json!(0)]),
        ("kexec_load", libc::SYS_kexec_load, vec![json!(0), json!(0), json!(0), json!(0)]),
        ("kexec_file_load", libc::SYS_kexec_file_load, vec![json!(-1), json!(-1), json!(0)]),
        ("init_module", libc::SYS_init_module, vec![json!(0), json!(0), json!("")]),
        ("finit_module", libc::SYS_finit_module, vec![json!(0), json!(""), json!(0)]),
        ("delete_module", libc::SYS_delete_module, vec![json!("x"), json!(0)]),
        ("reboot", libc::SYS_reboot, vec![json!(0), json!(0), json!(0)]),
        ("swapon", libc::SYS_swapon, vec![path(), json!(0)]),
        ("syslog", libc::SYS_syslog, vec![json!(10), json!(0), json!(0)]),
        ("settimeofday", libc::SYS_settimeofday, vec![json!(0), json!(0)]),
        ("clock_settime", libc::SYS_clock_settime, vec![json!(0), json!(0)]),
        ("sethostname", libc::SYS_sethostname, vec![json!("x"), json!(1)]),
        ("vhangup", libc::SYS_vhangup, vec![]),
    ];
    all.extend(denied_here());
    all
}

/// Too new for the library that names the others; the number is the same on every machine.
const OPEN_TREE_ATTR: c_long = 467;

#[cfg(target_arch = "x86_64")]
fn denied_here() -> Vec<Call> {
    vec![
        ("iopl", libc::SYS_iopl, vec![json!(3)]),
        ("ioperm", libc::SYS_ioperm, vec![json!(0), json!(1), json!(1)]),
        ("modify_ldt", libc::SYS_modify_ldt, vec![json!(0), json!(0), json!(0)]),
    ]
}

#[cfg(not(target_arch = "x86_64"))]
fn denied_here() -> Vec<Call> {
    Vec::new()
}

/// As if the kernel did not have them: the C library then takes what the filter can look into.
fn absent() -> Vec<Call> {
    let mut all = vec![("clone3", libc::SYS_clone3, vec![json!(0), json!(0)])];
    if cfg!(target_arch = "x86_64") {
        all.push(("x32 ptrace", X32 | 521, vec![json!(0), json!(0)]));
        all.push(("x32 getpid", X32 | libc::SYS_getpid, vec![]));
        all.push(("x32 mount", X32 | libc::SYS_mount, vec![json!("x"), json!("/tmp")]));
    }
    all
}
