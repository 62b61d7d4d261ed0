//! Usage: lettre_rust [MAIL ...]
//!
//! Sends mails as BOMnipotent Server does. Each argument, or without any each line of the input,
//! asks for one:
//!
//!     {"library": "native-tls" | "rustls", "security": "tls" | "starttls" | "none", "port": 12345,
//!      "user": "you@example.org", "password": "" for no login, "recipient": "admin@example.net"}
//!
//! It goes to localhost, or to nobody beyond the login if the recipient is "". A line of the output
//! says how far it came, where "code" is null if it was no reply that ended it:
//!
//!     {"stage": "done"}
//!     {"stage": "rcpt", "code": 504, "words": "5.5.2 <box>: Helo command rejected"}
//!
//! The exit status is 1 if one of the mails was not sent. The environment variable SSL_CERT_FILE
//! names the certificate of an authority to trust.
use std::{
    env,
    error::Error,
    fmt, fs, io,
    process::ExitCode,
    sync::{mpsc, Arc, Mutex},
    thread,
    time::Duration,
};

use lettre::{
    message::header::ContentType,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
    Message, SmtpTransport, Transport,
};
use serde_json::{json, Value};
use tracing::{
    field::{Field, Visit},
    span, subscriber, Event, Metadata, Subscriber,
};

/// How long lettre waits for each reply: the server's minute, shortened.
const READ_TIMEOUT: Duration = Duration::from_secs(2);
/// After which lettre is taken to be stuck: native-tls waits for a handshake without a limit.
const PATIENCE: Duration = Duration::from_secs(5);

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The stage that a dialogue has reached, as lettre's own log tells it.
#[derive(Clone)]
struct Progress(Arc<Mutex<&'static str>>);

impl Progress {
    const VERBS: [(&'static str, &'static str); 6] = [
        ("EHLO ", "ehlo"),
        ("STARTTLS", "starttls"),
        ("AUTH ", "auth"),
        ("MAIL FROM:", "mail"),
        ("RCPT TO:", "rcpt"),
        ("DATA", "data"),
    ];

    fn get(&self) -> &'static str {
        *self.0.lock().unwrap()
    }

    fn set(&self, stage: &'static str) {
        *self.0.lock().unwrap() = stage;
    }

    fn note(&self, logged: &str) {
        if let Some(line) = logged.strip_prefix("Wrote: ") {
            // What is no command answers a prompt of AUTH, is the mail, or says goodbye.
            if let Some((_, stage)) = Self::VERBS.iter().find(|(verb, _)| line.starts_with(verb)) {
                self.set(stage);
            }
        } else if logged.starts_with("<< ") && self.get() == "connect" {
            self.set("greeting");
        }
    }
}

impl Visit for Progress {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.note(&format!("{value:?}"));
        }
    }
}

impl Subscriber for Progress {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("lettre")
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

fn parameters(library: &str) -> Outcome<TlsParameters> {
    let builder = TlsParameters::builder("localhost".into());
    if library == "native-tls" {
        return Ok(builder.build_native()?); // OpenSSL looks at SSL_CERT_FILE by itself
    }
    let authority = Certificate::from_pem(&fs::read(env::var("SSL_CERT_FILE")?)?)?;
    Ok(builder.add_root_certificate(authority).build_rustls()?)
}

/// What SmtpTransport's relay, starttls_relay and from_url return, on another port.
fn transport(asked: &Value) -> Outcome<SmtpTransport> {
    let library = text(asked, "library")?;
    let tls = match text(asked, "security")? {
        "tls" => Tls::Wrapper(parameters(library)?),
        "starttls" => Tls::Required(parameters(library)?),
        _ => Tls::None,
    };
    let port = asked["port"].as_u64().ok_or("there is no port")?;
    let builder = SmtpTransport::builder_dangerous("localhost")
        .port(port.try_into()?)
        .tls(tls)
        .timeout(Some(READ_TIMEOUT));
    let (user, password) = (text(asked, "user")?, text(asked, "password")?);
    Ok(if password.is_empty() {
        builder.build()
    } else {
        builder
            .credentials(Credentials::new(user.into(), password.into()))
            .build()
    })
}

fn text<'a>(asked: &'a Value, key: &str) -> Outcome<&'a str> {
    Ok(asked[key].as_str().ok_or(format!("there is no {key}"))?)
}

fn send(asked: &Value, progress: &Progress) -> Outcome<()> {
    let recipient = text(asked, "recipient")?;
    if recipient.is_empty() {
        if !transport(asked)?.test_connection()? {
            return Err("NOOP was refused".into());
        }
    } else {
        progress.set("compose");
        let mail = Message::builder()
            .from(text(asked, "user")?.parse()?)
            .to(recipient.parse()?)
            .subject("Verify your account")
            .header(ContentType::TEXT_PLAIN)
            .body(String::from("Sent as the server sends its mails.\n"))?;
        progress.set("connect");
        transport(asked)?.send(&mail)?;
    }
    progress.set("done");
    Ok(())
}

fn failed(progress: &Progress, code: Option<u16>, words: &str) -> Value {
    json!({"stage": progress.get(), "code": code, "words": words})
}

fn attempt(asked: &Value, progress: &Progress) -> Value {
    let sent = subscriber::with_default(progress.clone(), || send(asked, progress));
    let Err(error) = sent else {
        return json!({"stage": progress.get()});
    };
    let code = error
        .downcast_ref::<lettre::transport::smtp::Error>()
        .and_then(|error| error.status())
        .map(u16::from);
    let words = error.source().unwrap_or(&*error).to_string();
    failed(progress, code, &words)
}

fn answer(asked: &str) -> Outcome<Value> {
    let asked = serde_json::from_str(asked)?;
    let progress = Progress(Arc::new(Mutex::new("connect")));
    let (sender, receiver) = mpsc::channel();
    let mine = progress.clone();
    // It may be that nobody listens any longer, when lettre was stuck and has come free.
    thread::spawn(move || _ = sender.send(attempt(&asked, &mine)));
    let answer = receiver.recv_timeout(PATIENCE);
    Ok(answer.unwrap_or_else(|_| failed(&progress, None, "stuck")))
}

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<io::Result<String>> = env::args().skip(1).map(Ok).collect();
    let asked: Box<dyn Iterator<Item = io::Result<String>>> = if arguments.is_empty() {
        Box::new(io::stdin().lines())
    } else {
        Box::new(arguments.into_iter())
    };
    let mut status = ExitCode::SUCCESS;
    for mail in asked {
        let answer = answer(&mail?)?;
        if answer["stage"] != "done" {
            status = ExitCode::FAILURE;
        }
        println!("{answer}");
    }
    Ok(status)
}
