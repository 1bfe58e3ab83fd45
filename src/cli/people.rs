//! Adding providers and people from the keyboard: the first administrator has to come from somewhere.
//!
//! A password is never an argument, where other users of the machine and the shell's history would see it: it is made
//! here and printed once, or read from standard input.

use std::io::{BufRead as _, stdin};

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use throughline::app::AppState;
use throughline::auth::spoken::Spoken;
use throughline::config::Config;
use throughline::database;
use throughline::domain::member::{Member, Role};
use throughline::domain::text_enum::TextEnum;
use throughline::ids::{MemberId, ProviderId, ServiceId, UserId};
use throughline::workflow::{Stop, codes, leaver, person, provider};

use super::{say, state};

/// What can be done about providers.
#[derive(Debug, Subcommand)]
pub enum Providers {
    /// Add a provider with sensible closure standards and escalation policy.
    Add {
        /// Its part of every address: small letters, figures and hyphens, like rowan-care.
        #[arg(long)]
        slug: String,
        /// Its name, as people read it.
        #[arg(long)]
        name: String,
    },
}

/// What can be done about people.
#[derive(Debug, Subcommand)]
pub enum People {
    /// Add a person, and give them a place in a provider.
    ///
    /// Somebody who has a sign-in already, in another provider, keeps it and only gets the place.
    Add(Addition),
    /// Give a person another password; all their sessions end.
    ResetPassword {
        /// Their email address.
        #[arg(long)]
        email: String,
        /// Read the password from standard input instead of making one.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Take a person's one-time codes away, when they lost telephone and recovery codes; their sessions end, and they set
    /// codes up again at the next sign-in. In the trail of every provider they have a place in.
    ///
    /// Where a provider has two administrators, these do it in the browser, under Settings.
    ResetCodes {
        /// What they sign in with.
        #[arg(long)]
        email: String,
    },
    /// End a person's place in a provider; their sessions end, and what they own is shown as unowned at once.
    ///
    /// To hand their work over in the same step, an administrator does this in the browser, under Settings.
    End {
        /// Their email address.
        #[arg(long)]
        email: String,
        /// The provider's part of the address.
        #[arg(long, value_name = "SLUG")]
        provider: String,
        /// Why, for the history.
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// A person to be added.
#[derive(Debug, Args)]
pub struct Addition {
    /// Their email address, with which they sign in.
    #[arg(long)]
    email: String,
    /// Their name, as colleagues know it.
    #[arg(long)]
    name: String,
    /// The provider's part of the address.
    #[arg(long, value_name = "SLUG")]
    provider: String,
    /// care-staff, team-leader, deputy-manager, registered-manager, safeguarding-lead, quality-lead,
    /// nominated-individual, administrator or external-reader.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Their job title.
    #[arg(long, default_value = "")]
    job_title: String,
    /// The services they may see, by their part of the address, with commas between. Roles that see the whole
    /// provider need none.
    #[arg(long, value_delimiter = ',', value_name = "SLUG")]
    services: Vec<String>,
    /// Read the password from standard input instead of making one.
    #[arg(long)]
    password_stdin: bool,
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_text(&text.replace('-', "_")).ok_or_else(|| "this is not one of the roles".to_owned())
}

/// Does what was asked about providers.
///
/// # Errors
/// A sentence for the person at the keyboard.
pub async fn providers(config: Config, asked: Providers) -> Result<()> {
    let opened = database::open_beside(&config).await?;
    let state = state(config, &opened)?;
    let Providers::Add { slug, name } = asked;
    let done = provider::add(&state, &slug, &name).await.map_err(sentence);
    opened.close().await;
    done?;
    say(&format!("{name} is at /p/{slug}. Add its administrator with `throughline user add`."));
    Ok(())
}

/// Does what was asked about people.
///
/// # Errors
/// A sentence for the person at the keyboard.
pub async fn people(config: Config, asked: People) -> Result<()> {
    let opened = database::open_beside(&config).await?;
    let state = state(config, &opened)?;
    let done = match asked {
        People::Add(new) => add(&state, &new).await,
        People::ResetPassword { email, password_stdin } => reset(&state, &email, password_stdin).await,
        People::ResetCodes { email } => reset_codes(&state, &email).await,
        People::End { email, provider, reason } => end(&state, &email, &provider, &reason).await,
    };
    opened.close().await;
    done
}

async fn add(state: &AppState, new: &Addition) -> Result<()> {
    let found = provider::find(state, &new.provider).await.map_err(|error| anyhow!("{error}"))?;
    let Some(in_provider) = found else { bail!("There is no provider \"{}\".", new.provider) };
    let services = services(state, in_provider, &new.services).await?;
    let known = person::find(state, &new.email).await.map_err(|error| anyhow!("{error}"))?;
    let user = match known {
        Some(user) => {
            say("This person has a sign-in already and keeps their password.");
            user
        }
        None => add_person(state, new).await?,
    };
    let (name, job_title) = (new.name.clone(), new.job_title.clone());
    let member = Member { id: MemberId::new(), name, role: new.role, job_title, services };
    provider::add_member(state, in_provider, user, &member).await.map_err(sentence)?;
    say(&format!("{} is {} at {}.", new.name, new.role.label().to_lowercase(), new.provider));
    Ok(())
}

async fn end(state: &AppState, email: &str, slug: &str, reason: &str) -> Result<()> {
    let in_provider = provider::find(state, slug).await.map_err(|error| anyhow!("{error}"))?;
    let Some(in_provider) = in_provider else { bail!("There is no provider \"{slug}\".") };
    let place = person::place(state, in_provider, email).await.map_err(|error| anyhow!("{error}"))?;
    let Some(member) = place else { bail!("Nobody with this email address has a place in {slug}.") };
    let left = leaver::end_by_operator(state, in_provider, member, reason).await.map_err(sentence)?;
    say("The place has ended, and so have all sessions of this person.");
    match left.unowned {
        0 => say("They owned no open action."),
        1 => say("One open action is shown as unowned now."),
        n => say(&format!("{n} open actions are shown as unowned now.")),
    }
    Ok(())
}

async fn add_person(state: &AppState, new: &Addition) -> Result<UserId> {
    let (password, made) = password(new.password_stdin)?;
    let user = person::add(state, &new.email, &new.name, &password).await.map_err(sentence)?;
    tell(&password, made);
    Ok(user)
}

async fn services(state: &AppState, provider: ProviderId, slugs: &[String]) -> Result<Vec<ServiceId>> {
    let known = provider::services(state, provider).await.map_err(|error| anyhow!("{error}"))?;
    let find = |slug: &String| {
        known.iter().find(|service| service.slug == *slug).map(|service| service.id).ok_or_else(|| {
            let all: Vec<_> = known.iter().map(|service| service.slug.as_str()).collect();
            anyhow!("There is no service \"{slug}\" in this provider; it has: {}.", all.join(", "))
        })
    };
    slugs.iter().map(find).collect()
}

async fn reset(state: &AppState, email: &str, from_stdin: bool) -> Result<()> {
    let (password, made) = password(from_stdin)?;
    person::reset_password(state, email, &password).await.map_err(sentence)?;
    tell(&password, made);
    say("The password was changed, and all sessions of this person have ended.");
    Ok(())
}

async fn reset_codes(state: &AppState, email: &str) -> Result<()> {
    codes::reset_by_operator(state, email).await.map_err(sentence)?;
    say(
        "Their one-time codes are gone, and all their sessions have ended. They set codes up when they sign in next.",
    );
    Ok(())
}

/// The password, and whether it was made here.
fn password(from_stdin: bool) -> Result<(String, bool)> {
    if !from_stdin {
        return Ok((Spoken::long().text().to_owned(), true));
    }
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    Ok((line.trim_end_matches(['\r', '\n']).to_owned(), false))
}

fn tell(password: &str, made: bool) {
    if made {
        say(&format!("The password, shown this once: {password}"));
    }
}

fn sentence(stop: Stop) -> anyhow::Error {
    match stop {
        Stop::Refused(said) => {
            let sentences: Vec<_> = said.into_iter().map(|said| said.sentence).collect();
            anyhow!("{}.", sentences.join(". "))
        }
        Stop::Changed => anyhow!("Somebody else changed this at the same time. Try again."),
        Stop::Failed(error) => anyhow!("It could not be done: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_typed_with_hyphens() {
        assert_eq!(role("registered-manager"), Ok(Role::RegisteredManager));
        assert_eq!(role("care_staff"), Ok(Role::CareStaff));
        assert!(role("boss").is_err());
    }
}
