//! Where programs run: on this machine, or in containers that are rented.

use super::Reader;
use crate::sandbox::modal::{ModalSettings, Network, gpu_types};

/// Who starts sandboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    Local,
    Modal(ModalSettings),
}

impl Backend {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let rented =
            reader.choice("TRAINABLE_SANDBOX", &[("local", false), ("modal", true)], false);
        if !rented {
            return Self::Local;
        }
        let mut token = |name: &str| {
            let before = reader.problems.len();
            let token = reader.secret(name).and_then(|_| reader.text(name));
            if token.is_none() && reader.problems.len() == before {
                reader.problems.push(format!(
                    "TRAINABLE_SANDBOX is `modal`, which needs {name}; make a pair with `modal token new`, \
                     or unset TRAINABLE_SANDBOX"
                ));
            }
            token.unwrap_or_default()
        };
        let tokens = (token("MODAL_TOKEN_ID"), token("MODAL_TOKEN_SECRET"));
        let default = ModalSettings::new(tokens.0, tokens.1);
        let types = gpu_types();
        let words: Vec<_> = types.iter().map(|name| (*name, *name)).collect();
        let gpu = match reader.text("TRAINABLE_MODAL_GPU") {
            None => default.gpu.clone(),
            Some(_) => reader.choice("TRAINABLE_MODAL_GPU", &words, "T4").to_owned(),
        };
        Self::Modal(ModalSettings {
            server_url: reader.url("MODAL_SERVER_URL"),
            environment: name(reader, "MODAL_ENVIRONMENT"),
            app: name(reader, "TRAINABLE_MODAL_APP").unwrap_or(default.app),
            volume: name(reader, "TRAINABLE_MODAL_VOLUME").unwrap_or(default.volume),
            gpu,
            network: reader.choice(
                "TRAINABLE_MODAL_NETWORK",
                &[("blocked", Network::Blocked), ("open", Network::Open)],
                Network::Blocked,
            ),
            ..ModalSettings::new(default.token_id, default.token_secret)
        })
    }
}

/// A name that Modal takes for an app, a volume or an environment.
fn name(reader: &mut Reader<'_>, variable: &str) -> Option<String> {
    let text = reader.text(variable)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.len() < 50 && text.chars().all(plain) {
        return Some(text);
    }
    reader.problems.push(format!(
        "{variable} is `{text}`; give a name of letters, digits, `-`, `_` and `.`, shorter than 50"
    ));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        vars: &[(&str, &str)],
        expect: Option<&dyn Fn(&mut ModalSettings)>,
        problems: &[&str],
    ) {
        let env = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let mut reader = Reader { env: &env, problems: Vec::new() };
        let found = Backend::read(&mut reader);
        assert_eq!(reader.problems.len(), problems.len(), "{:?}", reader.problems);
        for (problem, part) in reader.problems.iter().zip(problems) {
            assert!(problem.contains(part), "{problem:?} lacks {part:?}");
            assert!(!problem.contains("as-1"), "a secret is shown");
        }
        let Some(change) = expect else { return assert_eq!(found, Backend::Local) };
        if problems.is_empty() {
            let mut wanted = ModalSettings::new("ak-1", "as-1");
            change(&mut wanted);
            assert_eq!(found, Backend::Modal(wanted));
        }
    }

    const RENTED: [(&str, &str); 3] = [
        ("TRAINABLE_SANDBOX", "modal"),
        ("MODAL_TOKEN_ID", "ak-1"),
        ("MODAL_TOKEN_SECRET", "as-1"),
    ];

    #[test]
    fn sandboxes_are_local_unless_asked_otherwise() {
        check(&[], None, &[]);
        check(&RENTED[1..], None, &[]);
        check(&[("TRAINABLE_SANDBOX", "local")], None, &[]);
        check(&RENTED, Some(&|_| ()), &[]);
        let more = [
            ("MODAL_SERVER_URL", "http://127.0.0.1:9/"),
            ("MODAL_ENVIRONMENT", "dev"),
            ("TRAINABLE_MODAL_APP", "other"),
            ("TRAINABLE_MODAL_VOLUME", "other-data"),
            ("TRAINABLE_MODAL_GPU", "H100"),
            ("TRAINABLE_MODAL_NETWORK", "open"),
        ];
        let change = |settings: &mut ModalSettings| {
            settings.server_url = Some("http://127.0.0.1:9".into());
            settings.environment = Some("dev".into());
            settings.app = "other".into();
            settings.volume = "other-data".into();
            settings.gpu = "H100".into();
            settings.network = Network::Open;
        };
        check(&[&RENTED[..], &more[..]].concat(), Some(&change), &[]);
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        check(&[("TRAINABLE_SANDBOX", "cloud")], None, &["`local` or `modal`"]);
        let wrong = [
            ("TRAINABLE_SANDBOX", "modal"),
            ("MODAL_TOKEN_SECRET", "as-1 as-1"),
            ("MODAL_SERVER_URL", "modal"),
            ("TRAINABLE_MODAL_APP", "a/b"),
            ("TRAINABLE_MODAL_GPU", "Z9"),
            ("TRAINABLE_MODAL_NETWORK", "some"),
        ];
        let said = [
            "needs MODAL_TOKEN_ID",
            "MODAL_TOKEN_SECRET holds characters",
            "TRAINABLE_MODAL_GPU is `Z9`; give `A10`",
            "MODAL_SERVER_URL is not an address",
            "TRAINABLE_MODAL_APP is `a/b`",
            "`blocked` or `open`",
        ];
        check(&wrong, Some(&|_| ()), &said);
    }

    #[test]
    fn tokens_are_never_shown() {
        let shown = format!("{:?}", Backend::Modal(ModalSettings::new("ak-1", "as-1")));
        assert!(!shown.contains("ak-1") && !shown.contains("as-1"), "{shown}");
    }
}
