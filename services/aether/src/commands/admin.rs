//! `aether admin`: the first administrators, made by whoever runs the installation.

use std::{
    fmt::Write,
    io::{IsTerminal, Read, stdin},
    process::ExitCode,
};

use aether_auth::domain::{
    hashing::Passwords,
    operator::{NewAccount, Operator},
};
use aether_boot::StartError;
use aether_common::{clock::Clock, id::Ids, model::user::Role, problem::Problem};
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};

use super::{Console, block_on, finish};

/// More than any password that is taken, in bytes.
const MAX_PASSWORD: u64 = 4096;

/// What to do with accounts.
#[derive(Subcommand)]
pub enum AdminAction {
    /// Make an account. The password is asked for on the terminal; the address counts as proved.
    CreateUser(NewUserArgs),
    /// Make somebody who has an account an administrator.
    Promote {
        /// The account's e-mail address.
        email: String,
    },
}

/// The account to be made.
#[derive(Args)]
pub struct NewUserArgs {
    /// The e-mail address.
    email: String,
    /// The name that others see; without it, what stands before the @.
    #[arg(long)]
    name: Option<String>,
    /// Make it an administrator's.
    #[arg(long)]
    admin: bool,
    /// Read the password from standard input, without the line's end.
    #[arg(long)]
    password_stdin: bool,
}

/// `aether admin ...`
pub fn admin(action: AdminAction) -> ExitCode {
    finish(match action {
        AdminAction::CreateUser(args) => {
            read_password(args.password_stdin).and_then(|password| block_on(create(args, password)))
        }
        AdminAction::Promote { email } => block_on(promote(email)),
    })
}

async fn create(args: NewUserArgs, password: SecretString) -> Result<String, StartError> {
    let console = Console::open().await?;
    let passwords = Passwords::new(&console.settings.password_peppers).await?;
    let name = args.name.unwrap_or_else(|| args.email.split('@').next().unwrap_or_default().to_owned());
    let role = if args.admin { Role::Admin } else { Role::User };
    let new = NewAccount { email: args.email, name, role, password };
    let made = operator(&console).create(&passwords, new).await;
    let url = console.settings.public_url.clone();
    console.close().await;
    let user = made.map_err(line)?;
    Ok(format!(
        "The account of {} was made. Its id is {}, its role `{}`.\nSign in at {url}, and turn on the second factor in the \
         settings.",
        user.email,
        user.id,
        user.role.as_str()
    ))
}

async fn promote(email: String) -> Result<String, StartError> {
    let console = Console::open().await?;
    let promoted = operator(&console).promote(&email).await;
    let said = match promoted {
        Err(problem) if problem.status == 404 => Err(StartError::Other(format!(
            "nobody has the address `{}`; `aether admin create-user` makes an account",
            email.escape_debug()
        ))),
        Err(problem) => Err(line(problem)),
        Ok(promoted) => {
            let user = &promoted.user;
            let mut said = match &promoted.notice {
                Some(_) => {
                    format!("{} is an administrator now. Access tokens of before are dead.", user.email)
                }
                None => format!("{} was an administrator before. Nothing was changed.", user.email),
            };
            if !user.email_verified {
                let _ = write!(
                    said,
                    "\nThis address was never proved: make sure that {} is the account of whom you mean.",
                    user.id
                );
            }
            if promoted.disabled {
                said.push_str("\nThe account is disabled: another administrator has to let it in again.");
            }
            if let Some(notice) = &promoted.notice {
                said.push_str(&console.tell(notice).await);
            }
            Ok(said)
        }
    };
    console.close().await;
    said
}

fn operator(console: &Console) -> Operator {
    Operator::new(console.store.clone(), Clock::system(), Ids::system())
}

fn read_password(from_stdin: bool) -> Result<SecretString, StartError> {
    let other = |reason: String| StartError::Other(format!("the password cannot be read: {reason}"));
    if from_stdin {
        let mut text = String::new();
        stdin().take(MAX_PASSWORD).read_to_string(&mut text).map_err(|error| other(error.to_string()))?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        return Ok(line.strip_suffix('\r').unwrap_or(line).into());
    }
    if !stdin().is_terminal() {
        return Err(other("this is no terminal; `--password-stdin` reads it from standard input".into()));
    }
    let ask = |prompt| {
        rpassword::prompt_password(prompt).map(SecretString::from).map_err(|error| other(error.to_string()))
    };
    let (first, second) = (ask("Password: ")?, ask("The same again: ")?);
    if first.expose_secret() != second.expose_secret() {
        return Err(other("the two are not the same".into()));
    }
    Ok(first)
}

/// What is wrong, in one line.
fn line(problem: Problem) -> StartError {
    if problem.errors.is_empty() {
        return problem.into();
    }
    let faults: Vec<_> =
        problem.errors.iter().map(|fault| format!("{} {}", fault.field, fault.message)).collect();
    StartError::Other(faults.join("; "))
}
