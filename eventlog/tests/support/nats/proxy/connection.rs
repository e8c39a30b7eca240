//! One connection through the proxy: a thread for each direction.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::Arc;

use super::{Mode, Shared, forge};

pub(super) struct Connection {
    pub(super) client: TcpStream,
    pub(super) server: TcpStream,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

impl Connection {
    pub(super) fn close(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

/// Serves a client until one side closes.
pub(super) fn serve(client: TcpStream, shared: &Arc<Shared>) {
    if shared.mode_that_moves() == Mode::Cut {
        return;
    }
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.server)) else { return };
    for socket in [&client, &server] {
        socket.set_nodelay(true).unwrap();
    }
    let connection = Arc::new(Connection { client, server });
    let Some(mode) = register(&connection, shared) else { return connection.close() };

    let (other, other_shared) = (Arc::clone(&connection), Arc::clone(shared));
    if mode == Mode::Forge {
        forge::serve(&connection, &shared.forged);
    } else {
        let back = std::thread::spawn(move || {
            pump(&other.server, &other.client, Direction::ToClient, &other_shared);
            other.close();
        });
        pump(&connection.client, &connection.server, Direction::ToServer, shared);
        connection.close();
        let _ = back.join();
    }
    shared.state.lock().unwrap().open.retain(|open| !Arc::ptr_eq(open, &connection));
}

/// Makes the connection one that a change of mode finds; the mode it begins with.
fn register(connection: &Arc<Connection>, shared: &Shared) -> Option<Mode> {
    let mut state = shared.state.lock().unwrap();
    if state.mode == Mode::Cut {
        return None;
    }
    state.open.push(Arc::clone(connection));
    Some(state.mode)
}

fn pump(mut from: &TcpStream, mut to: &TcpStream, direction: Direction, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = match from.read(&mut buffer) {
            Ok(length) if length > 0 => length,
            _ => return,
        };
        match shared.mode_that_moves() {
            Mode::Deaf if direction == Direction::ToClient => continue,
            Mode::Delay(time) => std::thread::sleep(time),
            _ => {}
        }
        if to.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
}
