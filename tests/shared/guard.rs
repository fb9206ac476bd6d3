//! A shell beside this process that runs a server in a folder of its own and cleans up after both.
//!
//! However this process ends, the shell's input ends with it: then it stops the server and removes the folder. A static
//! is never dropped, and nobody is asked before `kill -9`.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

/// No command takes longer. Servers are told to be up or down in three minutes.
const LIMIT: Duration = Duration::from_secs(240);

/// Makes the folder `$2`, runs there the lines of its input, says of each what came of it, and at their end runs `$1` and
/// removes the folder. It ignores the signals that ask for an end, for it has its own way to see it, and that nobody
/// listens any more.
const SHELL: &str = r#"trap '' HUP INT TERM
trap : PIPE
mkdir -m 700 "$2" && cd "$2" && exec 2>>log && echo done || exit
while read -r line; do
    if eval "$line" </dev/null >>log 2>&1; then echo done; else echo failed; fi
done
eval "$1" </dev/null >>log 2>&1
cd / && rm -rf "$2"
"#;

#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// Servers refuse to run as root. Then it is one of these.
    fn instead_of_root() -> Self {
        let users = fs::read_to_string("/etc/passwd").expect("the list of users");
        let find = |name: &str| {
            let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|line| line[0] == name)?;
            Some(Self { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
        };
        find("postgres").or_else(|| find("nobody")).expect("for root: a user `postgres` or `nobody`")
    }
}

/// The shell, and the folder in which it runs.
pub(crate) struct Guard {
    process: Child,
    talk: Mutex<Talk>,
    folder: PathBuf,
    user: Option<User>,
}

struct Talk {
    orders: Option<ChildStdin>,
    answers: mpsc::Receiver<String>,
}

impl Guard {
    /// `programs` come first on its PATH. `farewell` stops what its orders start.
    pub(crate) fn new(programs: &Path, on_disk: bool, farewell: &str) -> Self {
        let user = is_root().then(User::instead_of_root);
        let folder = place(on_disk, user.is_some()).join(format!("axum-partnero-{}", random()));
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([programs.to_owned()].into_iter().chain(env::split_paths(&path)));
        let mut shell = Command::new("sh");
        shell.args(["-c", SHELL, "guard", farewell]).arg(&folder);
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            shell.env_remove(name);
        }
        shell.env("PATH", path.expect("a PATH")).env("LC_ALL", "C");
        if let Some(user) = user {
            shell.uid(user.uid).gid(user.gid);
        }
        // A group of its own: Ctrl-C and the time limit of a runner mean this process.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = shell.spawn().expect("a shell");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let (said, answers) = mpsc::channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        assert!(answers.recv_timeout(LIMIT).is_ok(), "there is no {}", folder.display());
        Self { talk: Mutex::new(Talk { orders: process.stdin.take(), answers }), process, folder, user }
    }

    /// A file in the folder, for the server to read.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        fs::write(&path, text).expect("it is written");
        if let Some(user) = self.user {
            chown(&path, Some(user.uid), Some(user.gid)).expect("root may");
        }
    }

    /// Runs one line.
    ///
    /// # Panics
    ///
    /// When it fails, with what the server said.
    pub(crate) fn run(&self, line: &str) {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = talk.orders.as_mut().map(|orders| writeln!(orders, "{line}"));
        let answer = sent.and_then(Result::ok).and_then(|()| talk.answers.recv_timeout(LIMIT).ok());
        drop(talk);
        assert!(answer.as_deref() == Some("done"), "{line}: {}\n{}", answer.unwrap_or_default(), self.log());
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let talk = self.talk.get_mut().unwrap_or_else(PoisonError::into_inner);
        talk.orders = None;
        // There is nothing more to read when it is gone.
        if talk.answers.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().expect("who we are").stdout.trim_ascii() == b"0"
}

/// Where temporary files go, or where they aren't kept in memory. Where everybody may if that is another user.
fn place(on_disk: bool, for_other: bool) -> PathBuf {
    let places = [if on_disk { "/var/tmp".into() } else { env::temp_dir() }, env::temp_dir(), "/tmp".into()];
    let may = |path: &Path, what: u32| path.metadata().is_ok_and(|of| of.mode() & what == what);
    let mut there = places.iter().filter_map(|place| place.canonicalize().ok());
    let found = there.find(|place| !for_other || may(place, 0o3) && place.ancestors().all(|path| may(path, 0o1)));
    found.unwrap_or_else(|| panic!("no place for temporary files among {places:?}"))
}

/// For names and passwords.
pub(crate) fn random() -> String {
    format!("{:016x}", getrandom::u64().expect("chance"))
}

/// Below those that systems give to whoever asks for any: nobody takes it while the server is down.
pub(crate) fn free_port() -> u16 {
    let any = || 20_000 + u16::try_from(getrandom::u32().expect("chance") % 12_000).expect("it is small");
    (0..100).map(|_| any()).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}
