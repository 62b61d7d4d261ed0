//! Usage: reference_rust text|values CONFIG [RECIPIENT]
//!
//! What BOMnipotent Server does with its settings, as far as they concern mail: load the `.env`
//! beside CONFIG (what is in the environment already wins), replace each `${NAME}` in the text
//! ("text") or in its strings after parsing ("values"), read the TOML, and with a RECIPIENT send
//! one mail. Prints "ok", then user, endpoint, starttls and, if there is one, the secret, each
//! behind a NUL; "skip" where users are not verified; or "error", a NUL and the reason.

use std::{env, error::Error, fs, path::Path};

use lettre::{
    message::header::ContentType, transport::smtp::authentication::Credentials, Message,
    SmtpTransport, Transport,
};
use serde::Deserialize;
use toml::{Table, Value};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Smtp {
    user: String,
    endpoint: String,
    secret: Option<String>,
    #[serde(default)]
    starttls: bool,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
struct User {
    #[serde(default)]
    skip_verification: bool,
}

/// The settings that concern mail; what else stands in the file is not looked at.
#[derive(Debug, Deserialize, PartialEq)]
struct Config {
    smtp: Option<Smtp>,
    #[serde(default)]
    skip_user_verification: bool,
    #[serde(default)]
    user: User,
}

/// Replace each `${NAME}`; anything else that begins with a `$` stays.
fn substitute(text: &str) -> Outcome<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, reference) = rest.split_at(start);
        result.push_str(before);
        let name: String = reference[2..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        let end = 2 + name.len();
        let proper = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
        if proper && reference[end..].starts_with('}') {
            result.push_str(&env::var(&name).map_err(|_| format!("{name} is not set"))?);
            rest = &reference[end + 1..];
        } else {
            result.push_str("${");
            rest = &reference[2..];
        }
    }
    Ok(result + rest)
}

fn substitute_strings(value: &mut Value) -> Outcome<()> {
    match value {
        Value::String(text) => *text = substitute(text)?,
        Value::Array(items) => items.iter_mut().try_for_each(substitute_strings)?,
        Value::Table(table) => table.iter_mut().try_for_each(|(_, v)| substitute_strings(v))?,
        _ => {}
    }
    Ok(())
}

fn read(how: &str, path: &Path) -> Outcome<Config> {
    let dotenv = path.parent().ok_or("the path has no directory")?.join(".env");
    if dotenv.exists() {
        dotenvy::from_path(dotenv)?;
    }
    let text = fs::read_to_string(path)?;
    if how == "values" {
        let mut table = Value::Table(text.parse::<Table>()?);
        substitute_strings(&mut table)?;
        return Ok(table.try_into()?);
    }
    let text = substitute(&text)?;
    let config: Config = toml::from_str(&text)?;
    let elder: Config = toml_elder::from_str(&text)?;
    if config != elder {
        return Err("TOML 1.0 and 1.1 read different settings".into());
    }
    Ok(config)
}

fn transport(smtp: &Smtp) -> Outcome<SmtpTransport> {
    let builder = if smtp.endpoint.starts_with("smtp://") {
        SmtpTransport::from_url(&smtp.endpoint)?
    } else if smtp.starttls {
        SmtpTransport::starttls_relay(&smtp.endpoint)?
    } else {
        SmtpTransport::relay(&smtp.endpoint)?
    };
    Ok(match &smtp.secret {
        Some(secret) => builder
            .credentials(Credentials::new(smtp.user.clone(), secret.clone()))
            .build(),
        None => builder.build(),
    })
}

fn send(smtp: &Smtp, recipient: &str) -> Outcome<()> {
    let mail = Message::builder()
        .from(smtp.user.parse()?)
        .to(recipient.parse()?)
        .subject("Verify your account")
        .header(ContentType::TEXT_PLAIN)
        .body(String::from("Sent by the reference reader.\n"))?;
    transport(smtp)?.send(&mail)?;
    Ok(())
}

fn attempt(arguments: &[String]) -> Outcome<String> {
    let [how, path, recipient @ ..] = arguments else {
        return Err("usage: reference_rust text|values CONFIG [RECIPIENT]".into());
    };
    let config = read(how, Path::new(path))?;
    let skipped = config.skip_user_verification || config.user.skip_verification;
    match config.smtp {
        None if skipped => Ok("skip".into()),
        None => Err("there is neither [smtp] nor the skip".into()),
        Some(smtp) => {
            if let Some(recipient) = recipient.first() {
                send(&smtp, recipient)?;
            }
            let secret = smtp.secret.map(|secret| format!("\0{secret}"));
            let (user, endpoint, starttls) = (smtp.user, smtp.endpoint, smtp.starttls);
            let secret = secret.unwrap_or_default();
            Ok(format!("ok\0{user}\0{endpoint}\0{starttls}{secret}"))
        }
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match attempt(&arguments) {
        Ok(answer) => print!("{answer}"),
        Err(error) => print!("error\0{error:?}"),
    }
}
