import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { blankGeneration } from "@/api/blank";
import type { Generation } from "@/api/types";
import { fakeServer, renderAt } from "@/testing/render";
import { viewOf } from "../model/view";
import { CodeTab } from "./code-tab";

const show = (fields: Partial<Generation>) => {
  const generation = blankGeneration({
    id: crypto.randomUUID(),
    type: "cli",
    prompt: "a tool",
    title: "Lending: tools/1",
    ...fields,
  });
  renderAt("/", <CodeTab view={viewOf(generation, undefined)} path={undefined} onPath={() => undefined} />);
  return generation;
};
const button = () => screen.queryByRole("button", { name: "Download .zip" });
const one = "```ts path=a.ts\nx\n```\n";

afterEach(() => vi.restoreAllMocks());

it("gives all files as one .zip, named as the thing is called", async () => {
  const saved: { name: string; blob: Blob }[] = [];
  let blob = new Blob();
  URL.createObjectURL = (content) => {
    blob = content as Blob;
    return "blob:zip";
  };
  URL.revokeObjectURL = () => undefined;
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    saved.push({ name: this.download, blob });
  });
  const calls = fakeServer(() => ({ body: "the zip" }));
  const { id } = show({ status: "completed", result: one });
  await userEvent.click(screen.getByRole("button", { name: "Download .zip" }));
  await waitFor(() => expect(saved).toHaveLength(1));
  expect(calls).toEqual([`GET /api/generate/history/${id}/archive`]);
  expect(saved[0]?.name).toBe("Lending: tools/1.zip");
  expect(saved[0]?.blob.size).toBeGreaterThan(0);
});

it("says why when there is none to be had", async () => {
  fakeServer(() => ({ status: 503, body: { detail: "Try again shortly." } }));
  show({ status: "completed", result: one });
  await userEvent.click(screen.getByRole("button", { name: "Download .zip" }));
  await screen.findByText("The .zip could not be made. Try again shortly.");
});

it("offers no .zip while files are written, nor of files that were all cut off", () => {
  show({ status: "running", result: one });
  expect(button()).toBeNull();
  show({ status: "cancelled", result: "```ts path=a.ts\nx\n" });
  expect(button()).toBeNull();
});
