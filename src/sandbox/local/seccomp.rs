//! The system calls that a sandbox refuses, as a filter that bubblewrap loads.
//!
//! A deny list: numerical Python uses more of the kernel than an allow list can follow. Namespaces
//! and the missing capabilities already stop most of these; the filter keeps the kernel's rarely
//! used and often broken parts out of reach as well.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, sock_filter,
};
use std::{collections::BTreeMap, io};

/// `open_tree` with attributes, from Linux 6.15 on; the same number on every machine.
const OPEN_TREE_ATTR: i64 = 467;

/// Refused whatever their arguments are, with `EPERM`.
const REFUSED: &[i64] = &[
    // Other processes' memory and descriptors.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Keyrings belong to the user, and all sandboxes share one.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Large attack surfaces that no data work needs.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_fanotify_init,
    libc::SYS_memfd_secret,
    // Namespaces and mounts.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    OPEN_TREE_ATTR,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    // The machine itself.
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
    libc::SYS_nfsservctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_kexec_file_load,
];

/// The same for calls that only x86-64 has.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] = &[
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_sysfs,
    libc::SYS__sysctl,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];

/// Flags of `clone` that make namespaces.
const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// The filter as bubblewrap reads it from a descriptor: `struct sock_filter` after another.
pub(super) fn program() -> io::Result<Vec<u8>> {
    let mut instructions = prelude();
    instructions.extend(deny_list().map_err(io::Error::other)?);
    let mut bytes = Vec::with_capacity(instructions.len() * 8);
    for instruction in instructions {
        bytes.extend(instruction.code.to_ne_bytes());
        bytes.extend([instruction.jt, instruction.jf]);
        bytes.extend(instruction.k.to_ne_bytes());
    }
    Ok(bytes)
}

/// What the compiler below cannot say: a second errno, and a range of numbers.
///
/// `clone3` hides its flags behind a pointer, so it answers `ENOSYS` and the C library uses
/// `clone`. The x32 calls of x86-64 are the same calls by other numbers, past the list.
fn prelude() -> Vec<sock_filter> {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    const X32: u32 = 0x4000_0000;
    let no_such_call = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
    vec![
        sock_filter { code: LOAD, jt: 0, jf: 0, k: 0 },
        sock_filter { code: EQUAL, jt: 1, jf: 0, k: libc::SYS_clone3 as u32 },
        sock_filter { code: AT_LEAST, jt: 0, jf: 1, k: X32 },
        sock_filter { code: RETURN, jt: 0, jf: 0, k: no_such_call },
    ]
}

fn deny_list() -> Result<BpfProgram, seccompiler::Error> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().chain(REFUSED_HERE).map(|call| (*call, vec![])).collect();
    let is = |argument, operator, value| SeccompCondition::new(argument, Dword, operator, value);
    let flag = |flag: i32| {
        SeccompRule::new(vec![is(0, SeccompCmpOp::MaskedEq(flag as u64), flag as u64)?])
    };
    let mut namespaces = Vec::new();
    for bit in 0..32 {
        if NAMESPACES & (1 << bit) != 0 {
            namespaces.push(flag(1 << bit)?);
        }
    }
    rules.insert(libc::SYS_clone, namespaces);
    // VSOCK and others are not part of a network namespace: only these families are let through,
    // and of netlink only what asks for the namespace's own addresses.
    let not = |family: i32| is(0, SeccompCmpOp::Ne, family as u64);
    let others = SeccompRule::new(vec![
        not(libc::AF_UNIX)?,
        not(libc::AF_INET)?,
        not(libc::AF_INET6)?,
        not(libc::AF_NETLINK)?,
    ])?;
    let netlink = SeccompRule::new(vec![
        is(0, SeccompCmpOp::Eq, libc::AF_NETLINK as u64)?,
        is(2, SeccompCmpOp::Ne, libc::NETLINK_ROUTE as u64)?,
    ])?;
    rules.insert(libc::SYS_socket, vec![others, netlink]);
    // Typing into a terminal that a sandbox could have inherited.
    let request = |value: u64| SeccompRule::new(vec![is(1, SeccompCmpOp::Eq, value)?]);
    const TIOCSTI: u64 = 0x5412;
    const TIOCLINUX: u64 = 0x541c;
    rules.insert(libc::SYS_ioctl, vec![request(TIOCSTI)?, request(TIOCLINUX)?]);
    // The limits of other processes, above all of process 1, which tells how the program ended.
    let of_others = SeccompRule::new(vec![is(0, SeccompCmpOp::Ne, 0)?])?;
    rules.insert(libc::SYS_prlimit64, vec![of_others]);
    let arch = std::env::consts::ARCH.try_into()?;
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    Ok(SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?.try_into()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_filter_fits_the_kernel() {
        let bytes = super::program().unwrap();
        assert_eq!(bytes.len() % 8, 0);
        assert!(bytes.len() / 8 < libc::BPF_MAXINSNS as usize);
    }
}
