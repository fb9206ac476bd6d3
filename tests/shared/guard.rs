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

use tempfile::TempDir;

/// No command takes longer. Servers are told to be up or down in 30 s.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs the lines of its input, says of each what came of it, and at their end runs `$1` and removes `$2`. It ignores the
/// signals that ask for an end: it has its own way to see it.
const SHELL: &str = r#"exec 2>>log
trap '' HUP INT TERM
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
    folder: TempDir,
    user: Option<User>,
}

struct Talk {
    orders: Option<ChildStdin>,
    answers: mpsc::Receiver<String>,
}

impl Guard {
    /// `programs` come first on its PATH. `farewell` stops what its orders start.
    pub(crate) fn new(programs: &Path, on_disk: bool, farewell: &str) -> Self {
        let (folder, user) = new_folder(on_disk);
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([programs.to_owned()].into_iter().chain(env::split_paths(&path)));
        let mut shell = Command::new("sh");
        shell.args(["-c", SHELL, "guard", farewell]).arg(folder.path()).current_dir(folder.path());
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            shell.env_remove(name);
        }
        shell.env("PATH", path.expect("a PATH")).env("LC_ALL", "C");
        if let Some(user) = user {
            shell.uid(user.uid).gid(user.gid);
        }
        // A group of its own: Ctrl-C and the time limit of a runner mean this process.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = shell.spawn().expect("a shell");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let (said, answers) = mpsc::channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        Self { talk: Mutex::new(Talk { orders: process.stdin.take(), answers }), process, folder, user }
    }

    /// A file in the folder, for the server to read.
    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
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
        self.folder.path()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
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

/// Where temporary files go, or where they aren't kept in memory.
fn new_folder(on_disk: bool) -> (TempDir, Option<User>) {
    let usual = env::temp_dir();
    let places = if on_disk { [PathBuf::from("/var/tmp"), usual] } else { [usual, PathBuf::from("/tmp")] };
    for place in places.iter().filter_map(|place| place.canonicalize().ok()) {
        let Ok(folder) = tempfile::Builder::new().prefix("axum-partnero-").tempdir_in(&place) else { continue };
        let is_open = |path: &Path| path.metadata().is_ok_and(|of| of.mode() & 0o1 == 1);
        if folder.path().metadata().expect("it is there").uid() != 0 {
            return (folder, None);
        } else if place.ancestors().all(is_open) {
            let user = User::instead_of_root();
            chown(folder.path(), Some(user.uid), Some(user.gid)).expect("root may");
            return (folder, Some(user));
        }
    }
    panic!("no place for temporary files among {places:?}")
}

/// Below those that systems give to whoever asks for any: nobody takes it while the server is down.
pub(crate) fn free_port() -> u16 {
    let any = || 20_000 + u16::try_from(getrandom::u32().expect("chance") % 12_000).expect("it is small");
    (0..100).map(|_| any()).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}
