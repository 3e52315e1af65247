//! The attacks as programs. Each runs by itself in a sandbox; nothing here needs the tests around it.

/// A program, and what it is told.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    pub name: &'static str,
    pub args: &'static [&'static str],
    pub code: &'static str,
}

/// A program that stands by itself.
macro_rules! plain {
    ($name:literal $(, $arg:literal)*) => {
        Script {
            name: $name,
            args: &[$($arg),*],
            code: include_str!(concat!("scripts/", $name, ".py")),
        }
    };
}

/// A program that tries things one by one, and says as JSON what each achieved.
macro_rules! attempts {
    ($name:literal) => {
        Script {
            name: $name,
            args: &[],
            code: concat!(
                include_str!("scripts/prelude.py"),
                include_str!(concat!("scripts/", $name, ".py"))
            ),
        }
    };
}

pub const FORK_BOMB: Script = plain!("fork_bomb");
pub const THREAD_BOMB: Script = plain!("thread_bomb");
pub const MEMORY_BOMB: Script = plain!("memory_bomb");
pub const MEMORY_OF_MANY: Script = plain!("memory_of_many", "8", "48");
pub const MEMORY_SHARED: Script = plain!("memory_shared", "10");
pub const FILL_TMP: Script = plain!("fill", "/tmp");
pub const FILL_SHM: Script = plain!("fill", "/dev/shm");
pub const FILL_DISK: Script = plain!("fill", ".");
pub const FILES_ON_DISK: Script = plain!("small_files", ".");
pub const FILES_IN_MEMORY: Script = plain!("small_files", "/tmp");
pub const FLOOD: Script = plain!("flood");
pub const STUBBORN: Script = plain!("stubborn");
pub const DAEMONS: Script = plain!("daemons");
pub const COLOURS: Script = plain!("colours");
pub const UNPICKLE: Script = plain!("unpickle");

/// What takes as much of the machine as it gets.
pub const BOMBS: &[Script] = &[
    FORK_BOMB,
    THREAD_BOMB,
    MEMORY_BOMB,
    MEMORY_OF_MANY,
    MEMORY_SHARED,
    FILL_TMP,
    FILL_SHM,
    FILL_DISK,
    FILES_ON_DISK,
    FILES_IN_MEMORY,
    FLOOD,
    STUBBORN,
    DAEMONS,
];

pub const CALLS: Script = attempts!("calls");
pub const TERMINAL: Script = attempts!("terminal");
pub const OTHER_ABI: Script = attempts!("other_abi");
pub const SECRETS: Script = attempts!("secrets");
pub const SESSIONS: Script = attempts!("sessions");
pub const MOUNTED: Script = attempts!("mounted");
pub const WRITES: Script = attempts!("writes");
pub const NETWORK: Script = attempts!("network");
pub const KILLS: Script = attempts!("kills");
pub const OUTPUTS: Script = attempts!("outputs");
pub const NAMES: Script = attempts!("names");
pub const SWAP: Script = attempts!("swap");
pub const RECORDS: Script = attempts!("records");
pub const MODULES: Script = attempts!("modules");
pub const LEAVE: Script = attempts!("leave");
pub const MEMORY_WRITES: Script = attempts!("memory_writes");
pub const CHANNELS: Script = attempts!("channels");
pub const PROBE: Script = attempts!("probe");
pub const VICTIM: Script = attempts!("victim");
pub const ATTACKER: Script = attempts!("attacker");
