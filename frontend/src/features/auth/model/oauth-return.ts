// What a provider sent the browser back with, and what to say when it leads nowhere. Pure.
import { ApiError, errorWords } from "@/lib/api-client";
import { type Provider, providerName, type Way } from "@/lib/providers";

/** `iss` is the provider's name for itself, where it says one. */
export interface Brought {
  code: string;
  state: string;
  iss?: string;
}

export type OauthReturn = { kind: "whole"; brought: Brought } | { kind: "fault"; fault: ReturnFault };

export interface ReturnFault {
  title: string;
  words: string;
  /** How to go on: from the sign-in page, or from where sign-ins are linked. */
  to: "sign-in" | "security";
}

export function readReturn(params: URLSearchParams, provider: Provider, way: Way): OauthReturn {
  const error = params.get("error");
  const code = params.get("code");
  const state = params.get("state");
  const to = way.purpose === "link" ? "security" : "sign-in";
  const name = providerName(provider);
  if (error !== null) {
    const refused = error === "access_denied";
    // Anybody can write a link to this page: only a plain word of it is repeated.
    const word = /^[a-z_]{1,40}$/.test(error) ? ` It says: ${error}.` : "";
    return {
      kind: "fault",
      fault: {
        title: refused ? `Stopped at ${name}` : `${name} did not let you through`,
        words: refused
          ? "You did not allow it there, so nothing has changed here."
          : `Nothing has changed here.${word} Try again, or choose another way.`,
        to,
      },
    };
  }
  if (!code || !state) {
    const words = `This page is where ${name} sends you back to. It cannot be opened by itself.`;
    return { kind: "fault", fault: { title: "Nothing to finish", words, to } };
  }
  const iss = params.get("iss");
  return { kind: "whole", brought: { code, state, ...(iss ? { iss } : {}) } };
}

/** The server would not take it. */
export function refusedReturn(error: unknown, provider: Provider, way: Way): ReturnFault {
  const name = providerName(provider);
  const to = way.purpose === "link" ? "security" : "sign-in";
  const { code, status } = error instanceof ApiError ? error : { code: "", status: 0 };
  switch (code) {
    case "account_exists":
      return {
        title: "You have an account already",
        words: `There is an account with the e-mail of your ${name} account. Sign in to it the way you did before, then link ${name} in Settings, Security.`,
        to: "sign-in",
      };
    case "identity_taken":
      return {
        title: `This ${name} account is linked already`,
        words: `It belongs to another account here. Sign in with it to see which, or link another ${name} account.`,
        to,
      };
    case "provider_linked":
      return {
        title: `Another ${name} account is linked`,
        words: `Your account has one ${name} account at a time. Unlink the one it has first.`,
        to,
      };
    case "email_required":
      return {
        title: `${name} gave no e-mail address`,
        words: `An account here needs one that ${name} has confirmed. Add or confirm one there, or create an account here.`,
        to,
      };
    case "invalid_credentials":
      return { title: "This account is shut", words: "An administrator has disabled it. Ask them why.", to };
    default:
  }
  if (status === 400 || status === 401) {
    return {
      title: `The way back from ${name} is not whole`,
      words: "It was begun in another browser, or too long ago, or it has been finished already. Begin again.",
      to,
    };
  }
  return { title: "It could not be finished", words: `${errorWords(error)} Begin again when you like.`, to };
}
