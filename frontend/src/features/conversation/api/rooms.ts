// A conversation is a room of one.
import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { Page, Room } from "@/api/types";
import { api } from "@/lib/api-client";

/** `clientId` makes a second try after a lost answer give the same room. */
export function createRoom(name: string, clientId: string): Promise<Room> {
  return api<Room>("/api/rooms", { method: "POST", body: { name }, idempotencyKey: clientId });
}

export function roomQuery(roomId: string) {
  return queryOptions({
    queryKey: keys.roomName(roomId),
    queryFn: ({ signal }) => api<Room>(`/api/rooms/${encodeURIComponent(roomId)}`, { signal }),
    staleTime: 60_000,
  });
}

/** The names of the user's conversations, by id. */
export const roomNamesQuery = queryOptions({
  queryKey: [...keys.history, "rooms"],
  queryFn: async ({ signal }) => {
    const page = await api<Page<Room>>("/api/rooms?limit=100", { signal });
    return Object.fromEntries(page.items.map((room) => [room.id, room.name]));
  },
});
