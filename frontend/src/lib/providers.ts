// Signing in with another service: which are on, the way there, and what to do on the way back.
import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { Identities, Providers } from "@/api/types";
import { api } from "./api-client";

export const providers = ["google", "github"] as const;
export type Provider = (typeof providers)[number];

const names: Readonly<Record<Provider, string>> = { google: "Google", github: "GitHub" };

export function providerName(provider: Provider): string {
  return names[provider];
}

export function isProvider(text: string | undefined): text is Provider {
  return providers.some((provider) => provider === text);
}

export const providersQuery = queryOptions({
  queryKey: keys.providers,
  queryFn: ({ signal }) => api<Providers>("/api/auth/providers", { signal, authenticated: false }),
  staleTime: 5 * 60_000,
});

/** How the user can sign in. */
export const identitiesQuery = queryOptions({
  queryKey: keys.identities,
  queryFn: ({ signal }) => api<Identities>("/api/auth/identities", { signal }),
});

/** The server's door to the provider: it binds the way to this browser and leads on. */
export function doorOf(provider: Provider): string {
  return `/api/auth/oauth/${provider}?redirect=1`;
}

/** What somebody went to a provider for, and where they go on afterwards. */
export interface Way {
  purpose: "sign-in" | "link";
  next: string;
}

const KEY = "aether.way";

/** Kept for this tab only, over the visit to the provider. */
export function keepWay(way: Way): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(way));
  } catch {
    // Storage is blocked: they come out at home.
  }
}

/** What was kept; a sign-in that goes on at home when nothing was. */
export function keptWay(): Way {
  const home: Way = { purpose: "sign-in", next: "/" };
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<Way> | null;
    if (typeof kept?.next !== "string") return home;
    return { purpose: kept.purpose === "link" ? "link" : "sign-in", next: kept.next };
  } catch {
    return home;
  }
}

export function forgetWay(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // It was never kept.
  }
}
