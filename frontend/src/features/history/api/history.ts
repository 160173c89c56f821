// The calls about all generations of the user: lists, star, delete.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { GenerationStatus, GenerationSummary, Kind, Page } from "@/api/types";
import { api } from "@/lib/api-client";
import { query } from "@/lib/query-string";

export interface Filters {
  q?: string | undefined;
  type?: Kind | undefined;
  status?: GenerationStatus | undefined;
  starred?: boolean | undefined;
}

const PAGE = 30;

export function libraryQuery(filters: Filters) {
  return infiniteQueryOptions({
    queryKey: keys.library(filters),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => list({ ...filters, limit: PAGE, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.nextCursor ?? null,
  });
}

export const recentQuery = queryOptions({
  queryKey: keys.recent,
  queryFn: ({ signal }) => list({ limit: 30 }, signal).then((page) => page.items),
});

/** What is queued or running now. */
export const runningQuery = queryOptions({
  queryKey: keys.running,
  queryFn: async ({ signal }) => {
    const [running, queued] = await Promise.all([
      list({ status: "running", limit: 10 }, signal),
      list({ status: "queued", limit: 10 }, signal),
    ]);
    return [...running.items, ...queued.items];
  },
});

export function setStarred(id: string, starred: boolean): Promise<unknown> {
  return api(`/api/generate/history/${encodeURIComponent(id)}`, { method: "PATCH", body: { starred } });
}

/** `keepalive`: the page is closing, the call must still go out. */
export function deleteGeneration(id: string, keepalive = false): Promise<unknown> {
  return api(`/api/generate/history/${encodeURIComponent(id)}`, { method: "DELETE", keepalive });
}

function list(params: Parameters<typeof query>[0], signal: AbortSignal): Promise<Page<GenerationSummary>> {
  return api(`/api/generate/history${query(params)}`, { signal });
}
