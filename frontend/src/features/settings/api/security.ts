// The calls about how somebody signs in: e-mail, password, second step, linked sign-ins.
import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { Authorize, RecoveryCodes, SecondFactor, TotpEnrolment } from "@/api/types";
import { api } from "@/lib/api-client";
import type { Provider } from "@/lib/providers";

/** The address changes when the link in the mail to the new one is opened. */
export function changeEmail(email: string): Promise<void> {
  return api("/api/auth/email", { method: "PUT", body: { email } });
}

export function changePassword(currentPassword: string, newPassword: string): Promise<void> {
  return api("/api/auth/password", { method: "PUT", body: { currentPassword, newPassword } });
}

/** For an account that has no password: the link of the mail sets one. */
export function sendPasswordMail(email: string): Promise<void> {
  return api("/api/auth/password/forgot", { method: "POST", body: { email } });
}

export function beginSecondFactor(): Promise<TotpEnrolment> {
  return api("/api/auth/mfa/totp", { method: "POST" });
}

/** The first code of the app turns it on. Gives the recovery codes, which are not to be had again. */
export async function turnOnSecondFactor(code: string): Promise<string[]> {
  const answer = await api<RecoveryCodes>("/api/auth/mfa/totp/verify", {
    method: "POST",
    body: { code },
  });
  return answer.recoveryCodes;
}

export const secondFactorQuery = queryOptions({
  queryKey: keys.secondFactor,
  queryFn: ({ signal }) => api<SecondFactor>("/api/auth/mfa", { signal }),
});

/** New ones in place of all that there were. */
export async function renewRecoveryCodes(): Promise<string[]> {
  const answer = await api<RecoveryCodes>("/api/auth/mfa/recovery-codes", { method: "POST" });
  return answer.recoveryCodes;
}

export function turnOffSecondFactor(): Promise<void> {
  return api("/api/auth/mfa/totp", { method: "DELETE" });
}

/** Gives the address of the provider's page where linking is allowed; a cookie binds the way to this browser. */
export async function beginLink(provider: Provider): Promise<string> {
  const answer = await api<Authorize>(`/api/auth/oauth/${provider}?link=1`);
  return answer.authorizeUrl;
}

export function unlink(provider: Provider): Promise<void> {
  return api(`/api/auth/identities/${provider}`, { method: "DELETE" });
}
