//! A real server for the tests, by `scripts/postgres-here`.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use gridloom::database::{Database, Target};
use gridloom_testkit::{files, here};
use postgres::{Client, NoTls};

/// A server that lives as long as this process, even if that is killed: its script waits on a pipe from here.
pub struct Server {
    pub environment: HashMap<String, String>,
    _script: Child,
}

impl Server {
    pub fn start(options: &[&str]) -> Option<Server> {
        let script = files::project("scripts/postgres-here");
        // Shows the environment and then waits for the end of its input.
        let told = r"env -0; printf '\0'; exec cat >/dev/null";
        let mut child = Command::new(script)
            .args(options)
            .args(["bash", "-c", told])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a script that can be started");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut environment = HashMap::new();
        loop {
            let mut pair = Vec::new();
            output.read_until(0, &mut pair).expect("its output");
            pair.pop();
            let Some((name, value)) = std::str::from_utf8(&pair).ok().and_then(|pair| pair.split_once('='))
            else {
                break;
            };
            environment.insert(name.to_owned(), value.to_owned());
        }
        if !environment.contains_key("POSTGRES_HERE") {
            child.wait().expect("the script's end");
            here::no_postgres();
            return None;
        }
        Some(Server { environment, _script: child })
    }

    /// The server that most tests share; they have a schema each.
    pub fn shared() -> Option<&'static Server> {
        static SERVER: OnceLock<Option<Server>> = OnceLock::new();
        SERVER.get_or_init(|| Server::start(&["--tls"])).as_ref()
    }

    pub fn get(&self, name: &str) -> Option<String> {
        self.environment.get(name).filter(|_| name.starts_with("PG")).cloned()
    }

    pub fn folder(&self) -> PathBuf {
        PathBuf::from(&self.environment["POSTGRES_HERE"])
    }

    pub fn target(&self, url: &str) -> Target {
        Target::parse_with(url, |name| self.get(name)).expect("an address")
    }

    pub fn connect(&self) -> Database {
        Database::connect(&self.target("postgres://?sslmode=disable")).expect("a connection")
    }

    /// A connection that knows nothing of gridloom.
    pub fn admin(&self) -> Client {
        let mut config = postgres::Config::new();
        config.host(&self.environment["PGHOST"]).port(self.environment["PGPORT"].parse().expect("a port"));
        config.user(&self.environment["PGUSER"]).dbname(&self.environment["PGDATABASE"]);
        config.password(&self.environment["PGPASSWORD"]).connect(NoTls).expect("a connection")
    }

    pub fn pg_ctl(&self, arguments: &[&str]) {
        let status = Command::new(self.folder().join("pg_ctl")).args(arguments).status().expect("pg_ctl");
        assert!(status.success(), "pg_ctl {arguments:?}");
    }
}
