// What is said when somebody has tried too often. Pure.
import type { ApiError } from "@/lib/api-client";
import { waitWords } from "@/lib/words";

export function tooManyTries(error: ApiError): string | undefined {
  if (error.status !== 429) return undefined;
  return `Too many tries. Ready again in ${waitWords(error.retryAfter ?? 60)}.`;
}
