//! Passwords, TLS, and servers that are not there or go away.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::Command;

use gridloom::Error;
use gridloom::database::{Database, DatabaseError, Target, redacted};
use gridloom_testkit::here;

use super::load::{self, fault};
use super::server::Server;

/// An error with all it says and holds.
fn told(error: &Error) -> String {
    let source = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
    format!("{error} {source} {error:?} {:?}", error.hint())
}

#[test]
fn a_password_in_the_address_never_shows() {
    let Some(server) = Server::shared() else { return };
    let (port, secret) = (&server.environment["PGPORT"], "s3cr3t");
    let url = format!("postgres://gridloom:{secret}@127.0.0.1:{port}/gridloom");
    let target = server.target(&url);
    let shown = format!("{target:?} {} {:?} {}", target.redacted(), target.warnings(), redacted(&url));
    assert!(!shown.contains(secret), "{shown}");
    assert!(target.warnings()[0].contains("PGPASSWORD"));
    let Err(error) = Database::connect(&target) else { panic!("a wrong password was taken") };
    assert!(
        !told(&error).contains(secret) && told(&error).contains("password authentication failed"),
        "{error:?}"
    );
    assert!(error.hint().unwrap().contains("PGPASSWORD"));
    for broken in
        [format!("{url}?{secret}"), format!("postgres://u:{secret}/x@h/d"), format!("postgres://u:{secret}")]
    {
        let error = Target::parse_with(&broken, |_| None).unwrap_err();
        assert!(!told(&error).contains(secret), "{error:?}");
    }
    // The right one from the address is taken.
    let right = format!("postgres://gridloom:{}@127.0.0.1:{port}/gridloom", server.environment["PGPASSWORD"]);
    let target =
        Target::parse_with(&right, |name| Some("nonsense".to_owned()).filter(|_| name == "PGPASSWORD"))
            .unwrap();
    Database::connect(&target).map(drop).unwrap();
}

#[test]
fn the_password_file_counts() {
    let Some(server) = Server::shared() else { return };
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".pgpass");
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    let port = &server.environment["PGPORT"];
    std::fs::write(
        &file,
        format!("127.0.0.1:1:*:*:wrong\n127.0.0.1:{port}:*:gridloom:{}\n", server.environment["PGPASSWORD"]),
    )
    .unwrap();
    let target = |variable: &'static str, value: String| {
        let environment = move |name: &str| match name {
            "PGPASSWORD" => None,
            _ if name == variable => Some(value.clone()),
            _ => server.get(name),
        };
        Target::parse_with("postgres:///?sslmode=disable", environment).unwrap()
    };
    for (variable, value) in [("HOME", home.path()), ("PGPASSFILE", &*file)] {
        mode(0o600);
        Database::connect(&target(variable, value.display().to_string())).map(drop).unwrap();
        mode(0o644);
        let target = target(variable, value.display().to_string());
        assert!(target.warnings()[0].contains("chmod 600"));
        let Err(error) = Database::connect(&target) else { panic!("an open file was used") };
        assert!(
            told(&error).contains("chmod 600") && error.hint().unwrap().contains("PGPASSWORD"),
            "{error:?}"
        );
    }
}

#[test]
fn sockets_are_found_by_their_folder() {
    let Some(server) = Server::shared() else { return };
    let folder = server.folder().display().to_string();
    for url in [
        format!("postgres://{}", folder.replace('/', "%2F")),
        format!("postgres:///gridloom?host={folder}&sslmode=verify-full"),
    ] {
        let target = server.target(&url);
        Database::connect(&target).map(drop).unwrap();
        assert!(target.redacted().starts_with("postgres://gridloom@%2Ftmp%2F"));
    }
}

/// Whether a connection uses TLS; nothing where there is no connection.
fn encrypted(server: &Server, query: &str) -> Result<bool, &'static DatabaseError> {
    let name = format!("tls {query}");
    let target = server
        .target(&format!("postgres://?application_name={}&{query}", name.replace([' ', '=', '&', '/'], "_")));
    let database = Database::connect(&target).map_err(|error| fault::<()>(Err(error)))?;
    let sql = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = $1";
    let row = server
        .admin()
        .query_one(sql, &[&name.replace([' ', '=', '&', '/'], "_").chars().take(63).collect::<String>()])
        .unwrap();
    drop(database);
    Ok(row.get(0))
}

#[test]
fn tls_is_what_sslmode_says() {
    let Some(server) = Server::shared() else { return };
    let root = server.environment["PGSSLROOTCERT"].clone();
    assert!(!encrypted(server, "sslmode=disable").unwrap());
    for (query, works) in [
        ("sslmode=prefer", true),
        ("sslmode=require", true),
        ("sslmode=verify-ca", true),
        ("sslmode=verify-full", true),
        ("sslmode=verify-full&host=localhost", true),
        ("sslmode=verify-ca&sslrootcert=system", false),
        ("sslmode=verify-ca&sslrootcert=/nothing/there", false),
    ] {
        match encrypted(server, query) {
            Ok(found) => assert!(found && works, "{query}"),
            Err(error) => assert!(!works && !error.is_lost(), "{query}: {error:?}"),
        }
    }
    // Without a root `require` looks at nothing; with the wrong one it does.
    let other = server.folder().join("server.crt").display().to_string();
    for (roots, works) in [(None, true), (Some(root), true), (Some("system".to_owned()), false)] {
        let environment = |name: &str| if name == "PGSSLROOTCERT" { roots.clone() } else { server.get(name) };
        let target = Target::parse_with("postgres://?sslmode=require", environment).unwrap();
        assert_eq!(Database::connect(&target).is_ok(), works, "{roots:?}");
    }
    // A server's own certificate can be trusted for itself.
    assert!(encrypted(server, &format!("sslmode=verify-full&sslrootcert={other}")).unwrap());
}

/// A server of its own, which is crashed, brought back, and given a certificate that signs itself.
#[test]
fn a_server_that_goes_away_and_comes_back() {
    let Some(server) = Server::start(&[]) else { return };
    let tables = load::tables(None, false);
    let mut database = server.connect();
    database.prepare(Some("crash"), &tables, &load::load("1")).unwrap();
    load::block(&mut database, &tables, 0, 1, false).unwrap();
    let rows = load::daily(&tables[0], load::cells(1)[0], 1);
    let mut block = database.begin(1, None).unwrap();
    block.copy(0, &rows).unwrap();
    server.pg_ctl(&["stop", "-m", "immediate"]);
    let error = fault(block.copy(0, &rows));
    assert!(error.is_lost(), "{error:?}");
    drop(block);
    for error in [fault(database.begin(1, None)), fault(database.blocks()), fault(database.worker())] {
        assert!(error.is_lost() && error.hint().unwrap().contains("the same load continues"), "{error:?}");
    }
    drop(database);
    server.pg_ctl(&["start"]);
    load::all(&mut server.connect(), "crash", &tables, &load::load("1"), 1).unwrap();
    load::check(&mut server.admin(), "crash", 1);

    // No TLS here yet: who demands it is told, who prefers it does without.
    let error = encrypted(&server, "sslmode=require").unwrap_err();
    assert!(error.to_string().contains("does not support TLS"), "{error}");
    assert!(!encrypted(&server, "sslmode=prefer").unwrap());
    let folder = server.folder();
    let made = Command::new("openssl")
        .current_dir(&folder)
        .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout own.key -out own.crt".split(' '))
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !made {
        here::lack("openssl", "no openssl here to make a certificate");
        return;
    }
    let owner = std::fs::metadata(folder.join("data")).unwrap().uid();
    for file in ["own.key", "own.crt"] {
        let _ = chown(folder.join(file), Some(owner), None);
        std::fs::set_permissions(folder.join(file), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let own = folder.join("own.crt").display().to_string();
    for set in [
        format!("ssl_cert_file = '{own}'"),
        format!("ssl_key_file = '{}'", own.replace(".crt", ".key")),
        "ssl = on".to_owned(),
    ] {
        server.admin().batch_execute(&format!("ALTER SYSTEM SET {set}")).unwrap();
    }
    server.pg_ctl(&["reload"]);
    // The server takes its new settings when it comes to it.
    let verified = format!("sslmode=verify-full&host=localhost&sslrootcert={own}");
    for _ in 0..100 {
        if encrypted(&server, &verified).is_ok_and(|encrypted| encrypted) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(encrypted(&server, &verified).unwrap());
    assert!(encrypted(&server, &format!("sslmode=verify-ca&sslrootcert={own}")).unwrap());
    let error = encrypted(&server, &format!("sslmode=verify-full&sslrootcert={own}")).unwrap_err();
    assert!(!error.is_lost() && error.to_string().contains("not valid for name"), "{error:?}");
}

#[test]
fn what_is_not_there_is_told() {
    let Some(server) = Server::shared() else { return };
    let nobody = Target::parse_with("postgres://me@127.0.0.1:1/maps", |_| None).unwrap();
    let error = fault(Database::connect(&nobody));
    assert!(error.is_lost() && error.to_string().contains("refused"), "{error:?}");
    let error = fault(Database::connect(&server.target("postgres:///nothing")));
    assert!(!error.is_lost() && error.hint().unwrap().contains("createdb"), "{error:?}");
    let mut database = server.connect();
    assert!(matches!(fault(database.blocks()), DatabaseError::Misuse { .. }));
    for url in [
        "maps",
        "mysql://h/d",
        "postgres://h:99999/d",
        "postgres://h/d?sslmode=maybe",
        "postgres://h,i/d",
        "postgres://%zz/d",
    ] {
        assert!(matches!(fault(Target::parse_with(url, |_| None)), DatabaseError::Address { .. }), "{url}");
    }
}
