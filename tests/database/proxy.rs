//! A way to a server that breaks at a given place.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

pub const ENDLESS: i64 = 1 << 40;

/// What may still pass, over all connections; then they break.
pub struct Way {
    /// Bytes to the server.
    pub to: AtomicI64,
    /// Bytes back.
    pub back: AtomicI64,
    /// Commits. The last one reaches the server, its answer is lost.
    pub commits: AtomicI64,
    /// Held while bytes are passed on.
    turn: Mutex<()>,
}

impl Way {
    pub fn new(to: i64, back: i64, commits: i64) -> Arc<Way> {
        Arc::new(Way { to: to.into(), back: back.into(), commits: commits.into(), turn: Mutex::new(()) })
    }

    /// Bytes that have passed to the server and back.
    pub fn passed(&self) -> (i64, i64) {
        (ENDLESS - self.to.load(SeqCst), ENDLESS - self.back.load(SeqCst))
    }

    /// Passes everything between a port of loopback, which is returned, and another.
    pub fn open(self: &Arc<Self>, port: u16) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let here = listener.local_addr().expect("an address").port();
        let way = Arc::clone(self);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", port))) else {
                    return;
                };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                for to_server in [true, false] {
                    let ends = (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
                    let way = Arc::clone(&way);
                    std::thread::spawn(move || way.pass(ends.0, ends.1, to_server));
                }
            }
        });
        here
    }

    fn pass(&self, client: TcpStream, server: TcpStream, to_server: bool) {
        let (mut from, mut into, budget) = match to_server {
            true => (&client, &server, &self.to),
            false => (&server, &client, &self.back),
        };
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            // Whatever comes back behind the last commit comes when that has left.
            let _turn = self.turn.lock().expect("a turn");
            let commits = bytes[..read].windows(7).filter(|window| window == b"COMMIT\0").count() as i64;
            if to_server && commits > 0 && self.commits.fetch_sub(commits, SeqCst) <= commits {
                self.back.store(0, SeqCst);
            }
            let before = budget.fetch_sub(read as i64, SeqCst);
            let passed = before.clamp(0, read as i64) as usize;
            if into.write_all(&bytes[..passed]).is_err() || passed < read {
                break;
            }
        }
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    }
}
