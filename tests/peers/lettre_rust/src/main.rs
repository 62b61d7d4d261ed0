// Usage: lettre_rust tls|starttls|none PORT USER PASSWORD test|send
//
// Connects to localhost, which the environment variable SSL_CERT_FILE must have an authority for,
// and prints "ok" or "error" with lettre's reason. An empty PASSWORD means no login. "test" is
// lettre's test_connection, "send" sends a mail from USER to admin@example.net.
use std::{env, time::Duration};

use lettre::{
    address::Envelope,
    transport::smtp::{authentication::Credentials, Error},
    SmtpTransport, Transport,
};

fn transport(security: &str, port: u16, user: &str, password: &str) -> Result<SmtpTransport, Error> {
    let builder = match security {
        "tls" => SmtpTransport::relay("localhost")?.port(port),
        "starttls" => SmtpTransport::starttls_relay("localhost")?.port(port),
        _ => SmtpTransport::from_url(&format!("smtp://localhost:{port}"))?,
    };
    let builder = builder.timeout(Some(Duration::from_secs(2)));
    Ok(if password.is_empty() {
        builder.build()
    } else {
        builder
            .credentials(Credentials::new(user.to_owned(), password.to_owned()))
            .build()
    })
}

fn attempt(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [security, port, user, password, action] = arguments else {
        return Err("five arguments are needed".into());
    };
    let transport = transport(security, port.parse()?, user, password)?;
    if action == "test" {
        return if transport.test_connection()? {
            Ok(())
        } else {
            Err("NOOP was refused".into())
        };
    }
    let recipients = vec!["admin@example.net".parse()?];
    let envelope = Envelope::new(Some(user.parse()?), recipients)?;
    transport.send_raw(&envelope, b"Subject: Test\r\n\r\nTest\r\n")?;
    Ok(())
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match attempt(&arguments) {
        Ok(()) => println!("ok"),
        Err(error) => println!("error {error:?}"),
    }
}
