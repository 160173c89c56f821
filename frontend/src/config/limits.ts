// Limits of the contract that a form says before the server has to.

export const PASSWORD_MIN = 10;
export const PASSWORD_MAX = 128;
export const PROMPT_MAX = 32_000;
/** How long a deletion can be taken back, in milliseconds. */
export const UNDO_MS = 8_000;
