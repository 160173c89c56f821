// What the audit log tells of, in words. Pure.

const words: Readonly<Record<string, string>> = {
  registered: "Made an account",
  logged_in: "Signed in",
  login_refused: "Sign-in refused",
  logged_out: "Signed out",
  refresh_reused: "Old refresh token came again",
  sessions_revoked: "Signed out sessions",
  stepped_up: "Showed who they are again",
  step_up_refused: "Could not show who they are",
  password_changed: "Changed the password",
  password_change_refused: "Password change refused",
  password_forgotten: "Asked for a new password",
  password_reset: "Set a new password by mail",
  email_verified: "Confirmed the e-mail",
  email_change_asked: "Asked for another e-mail",
  email_changed: "Changed the e-mail",
  address_taken: "Proved an e-mail another account had",
  totp_begun: "Began a second step",
  totp_enabled: "Turned the second step on",
  totp_disabled: "Turned the second step off",
  recovery_codes_renewed: "Made new recovery codes",
  recovery_code_used: "Used a recovery code",
  code_refused: "Code refused",
  identity_linked: "Linked a sign-in",
  identity_unlinked: "Unlinked a sign-in",
  api_key_created: "Made an API key",
  api_key_deleted: "Deleted an API key",
  profile_changed: "Changed the profile",
  export_requested: "Asked for their data",
  export_downloaded: "Downloaded their data",
  account_deleted: "Deleted an account",
  account_erased: "Erased an account",
  role_changed: "Changed a role",
  user_disabled: "Disabled an account",
  user_enabled: "Enabled an account",
  audit_exported: "Exported the audit log",
  signing_key_published: "Published a signing key",
  signing_key_scheduled: "Scheduled a signing key",
  signing_key_activated: "Began to sign with a key",
  signing_key_ended: "Ended a signing key",
  signing_key_revoked: "Revoked a signing key",
};

/** For the filter, in the order of their words. */
export const actions: readonly (readonly [action: string, words: string])[] = Object.entries(words).sort(
  ([, a], [, b]) => a.localeCompare(b),
);

/** A word that is new to this page is still readable: "key_rotated" becomes "Key rotated". */
export function actionWords(action: string): string {
  const plain = action.replaceAll("_", " ");
  return Object.hasOwn(words, action) ? (words[action] ?? plain) : plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** "from: user, to: admin": what else an entry says, one part after the other. */
export function detailWords(detail: Readonly<Record<string, unknown>>): string {
  const said = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return Object.entries(detail)
    .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}: ${said(value)}`)
    .join(", ");
}
