// What the audit log tells of, in words. Pure.

const words: Readonly<Record<string, string>> = {
  registered: "Made an account",
  logged_in: "Signed in",
  login_refused: "Sign-in refused",
  logged_out: "Signed out",
  refresh_reused: "Old refresh token came again",
  sessions_revoked: "Signed out sessions",
  role_changed: "Changed a role",
  user_disabled: "Disabled an account",
  user_enabled: "Enabled an account",
  account_deleted: "Deleted an account",
  account_erased: "Erased an account",
  export_requested: "Asked for their data",
  export_downloaded: "Downloaded their data",
  audit_exported: "Exported the audit log",
  profile_changed: "Changed the profile",
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
