//! The pipes to and from a sidecar: what is read is checked before anybody else sees it.

use super::{
    protocol::{Event, LINE, Line, PROTOCOL},
    sidecar::{Route, lock},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{ChildStderr, ChildStdin, ChildStdout},
    sync::mpsc,
    time::timeout,
};

/// What the sidecar printed last, for people.
pub(super) type LastWords = Arc<Mutex<VecDeque<String>>>;

/// Reads until the first line is whole; what is wrong with it otherwise.
pub(super) async fn greeted(
    stdout: &mut BufReader<ChildStdout>,
    within: Duration,
) -> Result<(), String> {
    let mut line = Vec::new();
    let hello = match timeout(within, next_line(stdout, &mut line)).await {
        Err(_) => return Err("the sidecar for Modal says nothing; try again".into()),
        Ok(Err(why)) => return Err(format!("the sidecar for Modal does not begin: {why}")),
        Ok(Ok(())) => Line::parse(&line),
    };
    match hello {
        Ok(Line::Hello(hello)) => match (hello.protocol, hello.error) {
            (PROTOCOL, None) => Ok(()),
            (PROTOCOL, Some(error)) => {
                Err(format!("Modal's SDK cannot be loaded; start again to install it ({error})"))
            }
            (other, _) => Err(format!(
                "the sidecar for Modal speaks protocol {other} and this server {PROTOCOL}; update both"
            )),
        },
        Ok(_) => Err("the sidecar for Modal begins with something else than its greeting".into()),
        Err(why) => Err(format!("the sidecar for Modal begins with a line that {why}")),
    }
}

/// Reads one line without its end.
///
/// *Errors*: why there is none.
async fn next_line(stdout: &mut BufReader<ChildStdout>, line: &mut Vec<u8>) -> Result<(), String> {
    line.clear();
    let most = LINE as u64 + 1;
    let read = stdout.take(most).read_until(b'\n', line).await;
    match (read, line.last()) {
        (Err(error), _) => Err(format!("it cannot be read ({error})")),
        (Ok(0), _) => Err("it ended".into()),
        (Ok(_), Some(b'\n')) => {
            line.pop();
            Ok(())
        }
        (Ok(_), _) if line.len() as u64 >= most => Err("it wrote a line that is too long".into()),
        (Ok(_), _) => Err("it ended in the middle of a line".into()),
    }
}

/// Hands out answers until something is wrong, which it says.
pub(super) async fn read(
    mut stdout: BufReader<ChildStdout>,
    calls: &Mutex<HashMap<u64, Route>>,
) -> String {
    let mut line = Vec::new();
    loop {
        if let Err(why) = next_line(&mut stdout, &mut line).await {
            return why;
        }
        let said = match Line::parse(&line) {
            Ok(said) => said,
            Err(why) => return format!("it wrote a line that {why}"),
        };
        if let Err(why) = hand_out(&mut lock(calls), said) {
            return why;
        }
    }
}

/// Brings an answer to who waits for it.
///
/// *Errors*: why it is none.
fn hand_out(calls: &mut HashMap<u64, Route>, said: Line) -> Result<(), String> {
    let (id, ends, granted) = match &said {
        Line::Hello(_) => return Err("it greeted twice".into()),
        Line::Event(id, Event::Progress(_) | Event::Credit(_)) => (*id, false, false),
        Line::Event(
            id,
            Event::Stdout(_) | Event::Stderr(_) | Event::Data(_) | Event::Entries(_),
        ) => (*id, false, true),
        Line::Done(id, _) | Line::Failed(id, _) => (*id, true, false),
    };
    let too_much = || Err(format!("it sent more for call {id} than was granted"));
    match calls.get_mut(&id) {
        None => return Err(format!("it answered call {id}, which nobody waits for")),
        Some(Route::Nowhere) => {}
        Some(Route::To { answers, credit }) => {
            match credit.checked_sub(u32::from(granted)) {
                Some(left) => *credit = left,
                None => return too_much(),
            }
            if let Err(mpsc::error::TrySendError::Full(_)) = answers.try_send(said) {
                return too_much();
            }
        }
    }
    if ends {
        calls.remove(&id);
    }
    Ok(())
}

/// Writes lines until nobody has any more.
pub(super) async fn write(
    mut stdin: ChildStdin,
    mut lines: mpsc::Receiver<Vec<u8>>,
) -> std::io::Result<()> {
    while let Some(line) = lines.recv().await {
        stdin.write_all(&line).await?;
    }
    stdin.shutdown().await
}

/// Follows what the sidecar and the SDK print, and keeps the last of it.
pub(super) async fn hear(stderr: ChildStderr, secrets: Vec<String>, last: LastWords) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        // What is longer than this is told in pieces.
        let read = (&mut stderr).take(4096).read_until(b'\n', &mut line).await;
        if !matches!(read, Ok(1..)) {
            return;
        }
        let text = redacted(String::from_utf8_lossy(&line).trim_end(), &secrets);
        tracing::debug!("sidecar: {text}");
        let mut last = lock(&last);
        if last.len() == 4 {
            last.pop_front();
        }
        last.push_back(text);
    }
}

fn redacted(text: &str, secrets: &[String]) -> String {
    let known = secrets.iter().filter(|secret| !secret.is_empty());
    known.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "…"))
}

/// A sentence with the sidecar's own last words.
pub(super) fn with_last(why: &str, last: &Mutex<VecDeque<String>>) -> String {
    let last = lock(last);
    let words: Vec<_> = last.iter().map(|line| line.trim()).filter(|l| !l.is_empty()).collect();
    let tail: String = words.join(" | ").chars().take(400).collect();
    if tail.is_empty() { why.to_owned() } else { format!("{why} ({tail})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_repeated() {
        let secrets = ["ak-1".to_owned(), String::new(), "as-2".to_owned()];
        assert_eq!(redacted("ak-1 and as-2, ak-1", &secrets), "… and …, …");
    }
}
