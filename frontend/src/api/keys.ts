// Names under which server state is cached. Every list of generations lies under "history", so that one call refreshes all.

export const keys = {
  generation: (id: string) => ["generation", id] as const,
  versions: (id: string) => ["versions", id] as const,
  history: ["history"] as const,
  room: (roomId: string) => ["history", "room", roomId] as const,
  running: ["history", "running"] as const,
  recent: ["history", "recent"] as const,
  library: (filters: object) => ["history", "library", filters] as const,
  roomName: (roomId: string) => ["room", roomId] as const,
  shared: (token: string) => ["shared", token] as const,
  models: ["models"] as const,
  providers: ["providers"] as const,
  identities: ["identities"] as const,
  secondFactor: ["second-factor"] as const,
  sessions: ["sessions"] as const,
  apiKeys: ["api-keys"] as const,
  users: ["users"] as const,
  usersBy: (filters: object) => ["users", filters] as const,
  audit: (filters: object) => ["audit", filters] as const,
  exports: ["exports"] as const,
};
