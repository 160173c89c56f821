//! What each mail says. A letter is the same words as text and as HTML; whatever does not come from here (names, addresses)
//! is escaped by the templates in `templates/`, and none of it comes into a header.

use askama::Template;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::{
    device,
    mail::{Mail, Occasion},
    oauth::Provider,
};

/// The longest name that somebody is greeted by, in characters.
const MAX_GREETED: usize = 60;

/// A mail's words.
#[derive(Debug)]
pub struct Letter {
    /// One line of our own words.
    pub subject: &'static str,
    greeting: String,
    /// What happened.
    lead: &'static str,
    button: Button,
    /// What the receiver can know it by.
    facts: Vec<(&'static str, String)>,
    /// What to do, above all when it was somebody else.
    advice: &'static str,
    /// Why they get this.
    why: &'static str,
    site: String,
}

#[derive(Debug)]
struct Button {
    words: &'static str,
    url: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct Text<'a> {
    letter: &'a Letter,
}

impl Letter {
    /// The letter for a mail; links begin with `public_url`, which has no slash at its end.
    pub fn new(mail: &Mail, name: Option<&str>, public_url: &str) -> Self {
        const OF_ACCOUNT: &str = "You get this because this address belongs to an account there.";
        const NOT_YOU: &str = "If it was you, there is nothing to do. If it was not, set a new password at once: that signs \
                               out everybody, on every device.";
        let link = |words, path: &str, token: &SecretString| Button {
            words,
            url: format!("{public_url}/{path}#token={}", token.expose_secret()),
        };
        let page = |words, path: &str| Button { words, url: format!("{public_url}/{path}") };
        let (subject, lead, button, occasion, advice, why) = match mail {
            Mail::VerifyAddress { token } => (
                "Confirm your e-mail address",
                "Somebody made an account with this address. If it was you, confirm that the address is yours.",
                link("Confirm my address", "verify-email", token),
                None,
                "The link works for 24 hours, once. If you did not make this account, do not confirm it: nothing more will \
                 come of it.",
                "You get this because somebody gave this address to make an account there.",
            ),
            Mail::ConfirmNewAddress { token } => (
                "Confirm your new e-mail address",
                "Somebody wants their account to have this address from now on. If it was you, confirm that it is yours.",
                link("Confirm my new address", "verify-email", token),
                None,
                "The link works for 24 hours, once. If you did not ask for this, do not confirm it: nothing more will come \
                 of it.",
                "You get this because somebody gave this address as the new one of an account there.",
            ),
            Mail::ResetPassword { token } => (
                "Set a new password",
                "Somebody asked for a new password for your account. If it was you, choose it now.",
                link("Choose a new password", "reset-password", token),
                None,
                "The link works for one hour, once, and only the newest one works. If you did not ask for it, there is \
                 nothing to do: your password is what it was.",
                OF_ACCOUNT,
            ),
            Mail::NewSignIn(occasion) => (
                "A new sign-in to your account",
                "Somebody signed in to your account from a place or with a device that was not seen there before.",
                page("See who is signed in", "settings/sessions"),
                Some(occasion),
                NOT_YOU,
                OF_ACCOUNT,
            ),
            Mail::PasswordChanged(occasion) => (
                "Your password was changed",
                "Your account has a new password.",
                page("Set a new password", "forgot-password"),
                Some(occasion),
                NOT_YOU,
                OF_ACCOUNT,
            ),
            Mail::AddressChangeAsked(occasion) => (
                "Your e-mail address is about to change",
                "Somebody asked that your account have another e-mail address. It changes as soon as that one is confirmed.",
                page("See your settings", "settings/security"),
                Some(occasion),
                NOT_YOU,
                OF_ACCOUNT,
            ),
            Mail::AddressChanged(occasion) => (
                "Your e-mail address was changed",
                "Your account has another e-mail address now. This is the last mail to this one.",
                page("Go to AetherOS", "sign-in"),
                Some(occasion),
                "If it was you, there is nothing to do. If it was not, somebody else has your account: write to whoever \
                 runs this site, from this address.",
                "You get this because this address belonged to an account there until now.",
            ),
            Mail::SecondFactorOn(occasion) => (
                "Two-step sign-in is on",
                "Signing in to your account needs a code from your authenticator app from now on.",
                page("See your settings", "settings/security"),
                Some(occasion),
                NOT_YOU,
                OF_ACCOUNT,
            ),
            Mail::SecondFactorOff(occasion) => (
                "Two-step sign-in is off",
                "Signing in to your account needs no code any more: your password alone is enough.",
                page("See your settings", "settings/security"),
                Some(occasion),
                NOT_YOU,
                OF_ACCOUNT,
            ),
            Mail::RecoveryCodeUsed(occasion) => (
                "A recovery code was used",
                "Somebody used one of your recovery codes in place of a code from your authenticator app. It is used up.",
                page("See your settings", "settings/security"),
                Some(occasion),
                NOT_YOU,
                OF_ACCOUNT,
            ),
            Mail::ApiKeyCreated(occasion) => (
                "Your account has a new API key",
                "Somebody made an API key: a program that has it can do in your name what the key allows.",
                page("See your API keys", "settings/api-keys"),
                Some(occasion),
                "If it was you, there is nothing to do. If it was not, delete the key at once and then set a new password: \
                 a key goes on when the password changes.",
                OF_ACCOUNT,
            ),
            Mail::IdentityLinked(provider, occasion) => (
                "Your account has a new way in",
                match provider {
                    Provider::Google => {
                        "Somebody linked a Google account: it opens your account from now on."
                    }
                    Provider::GitHub => {
                        "Somebody linked a GitHub account: it opens your account from now on."
                    }
                },
                page("See your settings", "settings/security"),
                Some(occasion),
                "If it was you, there is nothing to do. If it was not, unlink it at once and then set a new password: a \
                 linked account goes on when the password changes.",
                OF_ACCOUNT,
            ),
            Mail::IdentityUnlinked(provider, occasion) => (
                "Your account lost a way in",
                match provider {
                    Provider::Google => "Somebody unlinked a Google account: it opens your account no more.",
                    Provider::GitHub => "Somebody unlinked a GitHub account: it opens your account no more.",
                },
                page("See your settings", "settings/security"),
                Some(occasion),
                NOT_YOU,
                OF_ACCOUNT,
            ),
            Mail::AccountErased(occasion) => (
                "Your account was deleted",
                "Your account and all that was in it were deleted, as was asked. This cannot be undone.",
                page("Go to AetherOS", "register"),
                Some(occasion),
                "If you did not ask for it, write to whoever runs this site, from this address.",
                "You get this because this address belonged to an account there until now.",
            ),
        };
        Self {
            subject,
            greeting: greeting(name),
            lead,
            button,
            facts: occasion.map(facts).unwrap_or_default(),
            advice,
            why,
            site: public_url.split_once("://").map_or(public_url, |(_, host)| host).to_owned(),
        }
    }

    /// As text.
    pub fn text(&self) -> askama::Result<String> {
        Text { letter: self }.render()
    }

    /// As HTML.
    pub fn html(&self) -> askama::Result<String> {
        Html { letter: self }.render()
    }
}

fn facts(occasion: &Occasion) -> Vec<(&'static str, String)> {
    vec![
        ("When", occasion.at.format("%-d %B %Y, %H:%M UTC").to_string()),
        ("Device", device::describe(occasion.place.user_agent.as_deref())),
        ("IP address", occasion.place.ip.clone()),
    ]
}

/// A name that reads like a link or a sentence is nobody's: it would be taken for words of ours.
fn greeting(name: Option<&str>) -> String {
    let name = name.map(str::trim).filter(|name| {
        !name.is_empty()
            && name.chars().count() <= MAX_GREETED
            && !name.contains(|c: char| c.is_control() || matches!(c, '/' | '@' | '\u{2028}' | '\u{2029}'))
            && !name.to_lowercase().contains("www.")
    });
    name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::session::Place;

    const SITE: &str = "https://aether.example.org:8443";

    fn occasion() -> Occasion {
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        Occasion {
            at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            place: Place { ip: "203.0.113.9".into(), user_agent: Some(agent.into()), trace_id: None },
        }
    }

    fn every() -> Vec<Mail> {
        let token = || SecretString::from("aep_Token-1");
        vec![
            Mail::VerifyAddress { token: token() },
            Mail::ConfirmNewAddress { token: token() },
            Mail::ResetPassword { token: token() },
            Mail::NewSignIn(occasion()),
            Mail::PasswordChanged(occasion()),
            Mail::AddressChangeAsked(occasion()),
            Mail::AddressChanged(occasion()),
            Mail::SecondFactorOn(occasion()),
            Mail::SecondFactorOff(occasion()),
            Mail::RecoveryCodeUsed(occasion()),
            Mail::ApiKeyCreated(occasion()),
            Mail::IdentityLinked(Provider::Google, occasion()),
            Mail::IdentityUnlinked(Provider::GitHub, occasion()),
            Mail::AccountErased(occasion()),
        ]
    }

    #[test]
    fn every_letter_says_the_same_in_text_and_in_html() {
        for mail in every() {
            let letter = Letter::new(&mail, Some("Ana"), SITE);
            let (text, html) = (letter.text().unwrap(), letter.html().unwrap());
            let mut words =
                vec!["Hello Ana,", letter.lead, letter.advice, letter.why, "aether.example.org:8443"];
            words.extend([letter.button.words, &*letter.button.url]);
            words.extend(letter.facts.iter().map(|(_, fact)| &**fact));
            for word in words {
                let kind = mail.kind();
                assert!(text.contains(word), "{kind} does not say {word:?}:\n{text}");
                assert!(html.contains(word), "{kind} does not say {word:?}:\n{html}");
            }
            assert!(letter.subject.is_ascii() && letter.subject.len() < 60, "{}", letter.subject);
            assert!(letter.button.url.starts_with(&format!("{SITE}/")));
        }
    }

    #[test]
    fn a_letter_shows_its_link_twice_and_loads_nothing() {
        for mail in every() {
            let html = Letter::new(&mail, None, SITE).html().unwrap();
            assert_eq!(html.matches("href=").count(), 2, "{html}");
            for remote in ["<img", "<link", "<script", "<style", "url(", "src=", "@import"] {
                assert!(!html.contains(remote), "{remote}");
            }
            assert!(html.contains(r#"<meta name="color-scheme" content="light dark">"#));
        }
    }

    #[test]
    fn a_link_carries_the_token_where_no_server_sees_it() {
        let token = SecretString::from("aep_Token-1");
        let text = Letter::new(&Mail::ResetPassword { token }, None, SITE).text().unwrap();
        assert!(text.contains(&format!("\n{SITE}/reset-password#token=aep_Token-1\n")), "{text}");
    }

    #[test]
    fn what_happened_is_told_with_time_device_and_address() {
        let text = Letter::new(&Mail::NewSignIn(occasion()), None, SITE).text().unwrap();
        for fact in
            ["When: 15 January 2027, 08:00 UTC", "Device: Firefox on Linux", "IP address: 203.0.113.9"]
        {
            assert!(text.contains(fact), "{text}");
        }
    }

    #[test]
    fn a_name_is_text_and_no_more() {
        for (name, text, html) in [
            (
                "Ana \"the <b>\" O'Hara & co",
                "Hello Ana \"the <b>\" O'Hara & co,",
                "Hello Ana &#34;the &#60;b&#62;&#34;",
            ),
            ("Ünï 👩‍💻", "Hello Ünï 👩‍💻,", "Hello Ünï 👩‍💻,"),
            ("Ana\r\nBcc: eve@example.org", "Hello,", "Hello,"),
            ("You won: http://evil.example", "Hello,", "Hello,"),
            ("go to www.evil.example", "Hello,", "Hello,"),
            (&"a".repeat(61), "Hello,", "Hello,"),
            (" ", "Hello,", "Hello,"),
        ] {
            let letter = Letter::new(&Mail::PasswordChanged(occasion()), Some(name), SITE);
            assert!(letter.text().unwrap().contains(text), "{name:?}");
            assert!(letter.html().unwrap().contains(html), "{name:?}: {}", letter.html().unwrap());
            assert!(!letter.html().unwrap().contains("<b>"), "{name:?}");
        }
    }
}
