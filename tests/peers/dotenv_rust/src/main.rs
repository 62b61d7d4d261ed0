//! Answers on stdout what the crates dotenvy and dotenv make of the .env texts on stdin.
//!
//! A message is a list of strings: their number, then the length and the UTF-8 bytes of each;
//! numbers are u32, little-endian. A question is [crate, text, name, value, …] with the
//! environment to load into; the answer is ["ok" | "error", name, value, …] with the
//! environment afterwards.

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

fn read_number(input: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn read_message(input: &mut impl Read) -> io::Result<Vec<String>> {
    let count = read_number(input)?;
    (0..count)
        .map(|_| {
            let mut bytes = vec![0; read_number(input)? as usize];
            input.read_exact(&mut bytes)?;
            Ok(String::from_utf8(bytes).expect("strings are UTF-8"))
        })
        .collect()
}

fn write_message(output: &mut impl Write, message: &[String]) -> io::Result<()> {
    output.write_all(&(message.len() as u32).to_le_bytes())?;
    for text in message {
        output.write_all(&(text.len() as u32).to_le_bytes())?;
        output.write_all(text.as_bytes())?;
    }
    output.flush()
}

fn load(crate_name: &str, text: &str, scratch: &Path) -> bool {
    match crate_name {
        "dotenvy" => dotenvy::from_read(text.as_bytes()).is_ok(),
        // The elder crate reads nothing but files.
        "dotenv" => {
            fs::write(scratch, text).expect("the scratch file can be written");
            dotenv::from_path(scratch).is_ok()
        }
        other => panic!("there is no crate {other} here"),
    }
}

fn main() {
    let scratch = env::args_os().nth(1).expect("usage: dotenv_rust SCRATCH_FILE");
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    while let Ok(question) = read_message(&mut input) {
        for (name, _) in env::vars_os() {
            env::remove_var(name);
        }
        for pair in question[2..].chunks(2) {
            env::set_var(&pair[0], &pair[1]);
        }
        let loaded = load(&question[0], &question[1], Path::new(&scratch));
        let mut answer = vec![String::from(if loaded { "ok" } else { "error" })];
        for (name, value) in env::vars() {
            answer.extend([name, value]);
        }
        write_message(&mut output, &answer).expect("the tests read the answer");
    }
}
