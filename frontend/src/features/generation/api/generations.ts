// The calls about one generation, over REST and over the socket.
import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { Generation, GenerationSummary, Kind, Models, Page } from "@/api/types";
import { api, apiBlob, apiText } from "@/lib/api-client";
import { isConnected, request } from "@/lib/socket";
import { tokenOf } from "../model/shared";

const POLL_MS = 20_000;

export function isEnded(generation: Pick<GenerationSummary, "status">): boolean {
  return generation.status !== "queued" && generation.status !== "running";
}

export function generationQuery(id: string) {
  return queryOptions({
    queryKey: keys.generation(id),
    queryFn: ({ signal }) => api<Generation>(`/api/generate/history/${encodeURIComponent(id)}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    // The socket brings the text; this only makes sure that an end is never missed.
    refetchInterval: (query) => (query.state.data && !isEnded(query.state.data) ? POLL_MS : false),
  });
}

/** The generations of a conversation, oldest first. */
export function roomGenerationsQuery(roomId: string) {
  return queryOptions({
    queryKey: keys.room(roomId),
    queryFn: async ({ signal }) => {
      const page = await api<Page<GenerationSummary>>(
        `/api/generate/history?limit=100&roomId=${encodeURIComponent(roomId)}`,
        { signal },
      );
      return [...page.items].reverse();
    },
  });
}

/** What it was made from and itself, oldest first. */
export function versionsQuery(id: string) {
  return queryOptions({
    queryKey: keys.versions(id),
    queryFn: async ({ signal }) => (await api<Page<GenerationSummary>>(`${placeOf(id)}/versions`, { signal })).items,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export const modelsQuery = queryOptions({
  queryKey: keys.models,
  queryFn: ({ signal }) => api<Models>("/api/generate/models", { signal }),
  staleTime: 5 * 60_000,
});

export function isDemo(models: Models | undefined): boolean {
  return models?.demo === true;
}

export interface StartRequest {
  prompt: string;
  type: Kind;
  roomId: string;
  parentId?: string;
  clientId: string;
}

export async function startGeneration(start: StartRequest): Promise<string> {
  const ack = await request<{ generationId: string }>("start_generation", start);
  return ack.generationId;
}

/** Stops a generation; what is written stays. One that has ended already is no error. */
export async function cancelGeneration(id: string): Promise<void> {
  if (isConnected()) {
    await request("cancel_generation", { generationId: id });
    return;
  }
  await api(`/api/generate/history/${encodeURIComponent(id)}/cancel`, { method: "POST" });
}

export function readFile(id: string, path: string): Promise<string> {
  return apiText(`${placeOf(id)}/files/${encodedPath(path)}`);
}

/** Makes a new version of it, in which this file holds the text. */
export function writeFile(id: string, path: string, text: string): Promise<Generation> {
  return api<Generation>(`${placeOf(id)}/files/${encodedPath(path)}`, { method: "PUT", text });
}

function encodedPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** All whole files as a .zip. */
export function readArchive(id: string): Promise<Blob> {
  return apiBlob(`${placeOf(id)}/archive`);
}

/** Where its files are read: by its own id, or by a link's token for whoever has no more than that. */
function placeOf(id: string): string {
  const token = tokenOf(id);
  return token === null
    ? `/api/generate/history/${encodeURIComponent(id)}`
    : `/api/generate/shared/${encodeURIComponent(token)}`;
}
