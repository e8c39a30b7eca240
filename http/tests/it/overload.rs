//! Callers who send too much, too slowly or under false names.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::{Options, Server, Upstream, WIDGET_KEY, model};

const PATIENCE: Duration = Duration::from_secs(30);
/// Longest time a slow socket may be kept, deadlines of the server and of the kernel added up, on a slow machine.
const CLOSED_WITHIN: Duration = Duration::from_secs(150);

#[tokio::test]
async fn forged_forwarding_headers_make_one_bucket() {
    let server = Server::start(Options::default().var("RATE_LIMIT_MAX_REQUESTS", 5));
    let mut statuses = Vec::new();
    for number in 0..8 {
        let body = json!({"sessionId": "s", "message": "hi"});
        let forged = format!("203.0.113.{number}, 10.0.0.{number}");
        let request = server.chat("/v1/chat", &body).header("x-forwarded-for", forged);
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429, 429]);
    assert_eq!(server.log().matches("TRUSTED_PROXIES").count(), 1, "the ignored header is warned of once");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_bucket_and_cannot_choose_it() {
    let options = Options::default().var("RATE_LIMIT_MAX_REQUESTS", 1).var("TRUSTED_PROXIES", "127.0.0.0/8");
    let server = Server::start(options);
    let send = async |forwarded: &str| {
        let body = json!({"sessionId": "s", "message": "hi"});
        server.chat("/v1/chat", &body).header("x-forwarded-for", forwarded).send().await.unwrap().status().as_u16()
    };
    assert_eq!(send("198.51.100.1").await, 200);
    assert_eq!(send("198.51.100.2").await, 200);
    assert_eq!(send("198.51.100.1").await, 429);
    assert_eq!(send("203.0.113.9, 198.51.100.1").await, 429, "the leftmost value is the client's own claim");
}

/// Resident memory of a process, in bytes.
fn resident(pid: u32) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// Sends a refused message from each of `addresses`, many on one connection at once.
async fn claim(server: &Server, addresses: std::ops::Range<u32>) {
    const BATCH: u32 = 250;
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    let mut from = addresses.start;
    while from < addresses.end {
        let to = (from + BATCH).min(addresses.end);
        let mut requests = String::new();
        for address in from..to {
            let address = std::net::Ipv4Addr::from(0x0b00_0000 + address);
            requests +=
                &format!("POST /chat HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {address}\r\ncontent-length: 0\r\n\r\n");
        }
        connection.write_all(requests.as_bytes()).await.unwrap();
        let (mut refused, mut received) = (0, Vec::new());
        while refused < to - from {
            let mut chunk = vec![0; 65536];
            let length = timeout(PATIENCE, connection.read(&mut chunk)).await.expect("no answer").unwrap();
            assert!(length > 0, "the server closed the connection");
            received.extend_from_slice(&chunk[..length]);
            let text = String::from_utf8_lossy(&received);
            refused = text.matches("HTTP/1.1 401 ").count() as u32;
            assert!(!text.contains("HTTP/1.1 429 "), "an address was refused for another's requests");
        }
        from = to;
    }
}

#[tokio::test]
async fn the_limiters_memory_stays_flat_over_a_hundred_thousand_addresses() {
    let options = Options::default().var("TRUSTED_PROXIES", "127.0.0.0/8").var("RUST_LOG", "off");
    let server = Server::start(options);
    // It fills up first, and the allocator settles; a limiter that kept 100,000 more entries of an address and a window would grow by
    // 4 MB at the very least, in every round.
    let rounds: Vec<u64> = futures_util::stream::iter(0..5)
        .then(async |round: u32| {
            let before = resident(server.pid());
            claim(&server, round * 100_000..(round + 1) * 100_000).await;
            resident(server.pid()).saturating_sub(before)
        })
        .collect()
        .await;
    assert!(rounds.iter().any(|&growth| growth < 1 << 20), "memory grew by {rounds:?} bytes");
}

/// Opens a socket with a tiny receive window, sends `bytes`, and then neither sends nor reads.
async fn slow(server: &Server, bytes: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Connections that the server holds open, as the kernel lists them.
fn established(server: &Server) -> usize {
    const ESTABLISHED: &str = "01";
    let local = format!("0100007F:{:04X}", server.address().port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let columns = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    columns.filter(|columns| columns[1] == local && columns[3] == ESTABLISHED).count()
}

#[tokio::test]
async fn readers_far_behind_do_not_each_hold_a_copy_of_the_answer() {
    const READERS: usize = 40;
    const TOKENS: usize = 100_000;
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()).var("RATE_LIMIT_MAX_REQUESTS", 1000));
    let mut answer = upstream.speak();
    let mut first = server.stream_as("s", "m", "hi").await;
    for _ in 0..TOKENS {
        answer.token("z");
    }
    assert_eq!(first.next().await.unwrap(), "start");
    for _ in 0..TOKENS {
        assert_eq!(first.next().await.unwrap(), "token z");
    }

    let before = resident(server.pid());
    let body = json!({"sessionId": "s", "message": "hi", "messageId": "m"}).to_string();
    let request = format!(
        "POST /chat HTTP/1.1\r\nhost: x\r\nx-api-key: {WIDGET_KEY}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut reader = slow(&server, request.as_bytes()).await;
        // The first bytes show that the server has begun to write; the rest is never read.
        let mut head = [0; 12];
        timeout(PATIENCE, reader.read_exact(&mut head)).await.expect("no answer").unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        readers.push(reader);
    }
    let growth = resident(server.pid()).saturating_sub(before);
    // As lines the answer is 3 MB; a copy for each reader would be 120 MB.
    assert!(growth < 30 << 20, "{READERS} readers hold {growth} bytes");
    answer.finish();
}

#[tokio::test]
async fn two_thousand_slow_sockets_leave_others_served_and_are_closed() {
    const SLOW_HEADS: usize = 950;
    const SLOW_BODIES: usize = 950;
    const SLOW_READERS: usize = 100;
    const KEPT_BY_THE_CLIENT: usize = 1;
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()).var("RATE_LIMIT_MAX_REQUESTS", 1_000_000));
    let big = "x".repeat(10_000);
    for _ in 0..SLOW_READERS {
        upstream.answer(&vec![big.as_str(); 20]);
    }

    let mut sockets = Vec::new();
    for number in 0..SLOW_READERS {
        let body = json!({"sessionId": format!("reader-{number}"), "message": "hi"}).to_string();
        let request = format!(
            "POST /chat HTTP/1.1\r\nhost: x\r\nx-api-key: {WIDGET_KEY}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        sockets.push(slow(&server, request.as_bytes()).await);
    }
    upstream.until_asked(SLOW_READERS).await;
    for _ in 0..SLOW_HEADS {
        sockets.push(slow(&server, b"POST /chat HTTP/1.1\r\nhost: x\r\n").await);
    }
    let half_body = format!(
        "POST /chat HTTP/1.1\r\nhost: x\r\nx-api-key: {WIDGET_KEY}\r\ncontent-type: application/json\r\n\
         content-length: 1000\r\n\r\n{{"
    );
    for _ in 0..SLOW_BODIES {
        sockets.push(slow(&server, half_body.as_bytes()).await);
    }

    assert!(established(&server) >= SLOW_HEADS + SLOW_BODIES, "the slow sockets are not open together");
    for number in 0..20 {
        upstream.answer(&["ok"]);
        let stream = timeout(PATIENCE, server.stream(&format!("other-{number}"), "hi")).await.expect("others wait");
        assert_eq!(timeout(PATIENCE, stream.answer()).await.expect("others wait"), "ok");
    }

    // The clients never learn of it: a connection whose bytes stay unread ends on the server's side alone.
    let deadline = Instant::now() + CLOSED_WITHIN;
    loop {
        let open = established(&server);
        // What the test's own client keeps for its next request is not slow.
        if open <= KEPT_BY_THE_CLIENT {
            break;
        }
        assert!(Instant::now() < deadline, "{open} slow sockets are kept");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    drop(sockets);
}
