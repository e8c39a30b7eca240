//! Reading answers.

use reqwest::Response;
use serde_json::Value;

/// One line of a stream, as text that tests compare: `start`, `token …`, `done …`, `stopped …` (done, early), `error …`.
pub type Line = String;

/// A streamed answer, read line by line as it comes.
pub struct Stream {
    pub response: Response,
    buffer: Vec<u8>,
}

impl Stream {
    pub fn new(response: Response) -> Self {
        Self { response, buffer: Vec::new() }
    }

    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The next line that is not empty; `None` at the end, and where the stream was cut.
    pub async fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                if line.len() > 1 {
                    return Some(describe(&serde_json::from_slice(&line).unwrap()));
                }
                continue;
            }
            self.buffer.extend_from_slice(&self.response.chunk().await.ok()??);
        }
    }

    pub async fn rest(mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Some(line) = self.next().await {
            lines.push(line);
        }
        lines
    }

    /// The text of `done`, after checking the shape of the whole stream.
    pub async fn answer(self) -> String {
        let lines = self.rest().await;
        let (last, before) = lines.split_last().expect("an empty stream");
        assert_eq!(before.first().map(String::as_str), Some("start"), "{lines:?}");
        let tokens: String = before[1..].iter().map(|line| line.strip_prefix("token ").unwrap()).collect();
        let answer = last.strip_prefix("done ").unwrap_or_else(|| panic!("not done: {lines:?}"));
        assert_eq!(answer, tokens, "done is the concatenation of the tokens");
        answer.to_owned()
    }
}

fn describe(line: &Value) -> Line {
    let field = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("{name} is missing in {line}")).to_owned();
    match field("type").as_str() {
        "start" => {
            assert!(line["conversationId"].is_string());
            "start".into()
        }
        "token" => format!("token {}", field("token")),
        "done" => {
            assert!(line["conversationId"].is_string());
            let end = if line["stopped"] == true { "stopped" } else { "done" };
            format!("{end} {}", field("message"))
        }
        "error" => format!("error {}", field("error")),
        other => panic!("unknown line {other}"),
    }
}

/// Status and JSON of a response.
pub async fn body_of(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("not JSON: {text:?}")))
}
