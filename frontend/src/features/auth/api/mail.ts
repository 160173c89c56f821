// The calls behind the links in mails, and those that send them.
import { api } from "@/lib/api-client";

/** Always taken: whether there is such an account is not said. */
export function sendResetMail(email: string): Promise<void> {
  return api("/api/auth/password/forgot", { method: "POST", body: { email }, authenticated: false });
}

export function resetPassword(token: string, newPassword: string): Promise<void> {
  return api("/api/auth/password/reset", { method: "POST", body: { token, newPassword }, authenticated: false });
}

export function verifyEmail(token: string): Promise<void> {
  return api("/api/auth/email/verify", { method: "POST", body: { token }, authenticated: false });
}

/** Sends the mail with the link once more, to whoever is signed in. */
export function sendVerifyMail(): Promise<void> {
  return api("/api/auth/email/resend", { method: "POST" });
}
