import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { fakeServer, renderAt } from "@/testing/render";
import { ShareMenu } from "./share-menu";

async function choose(item: string) {
  const user = userEvent.setup();
  renderAt("/", <ShareMenu id="g1" />);
  await user.click(screen.getByRole("button", { name: "Share" }));
  await user.click(await screen.findByRole("menuitem", { name: item }));
}

it("copies the link that the server gives", async () => {
  const calls = fakeServer(() => ({ status: 201, body: { token: "t", url: "https://here/s/t" } }));
  await choose("Copy a link");
  await screen.findByText("Link copied. Whoever has it can read this, without an account.");
  expect(calls).toEqual(["POST /api/generate/history/g1/share"]);
  expect(await navigator.clipboard.readText()).toBe("https://here/s/t");
});

it("ends the link, and says why when it cannot", async () => {
  const calls = fakeServer(() => ({ status: 403, body: { detail: "Only who started it may do this." } }));
  await choose("End the link");
  await screen.findByText("The link could not be ended. Only who started it may do this.");
  expect(calls).toEqual(["DELETE /api/generate/history/g1/share"]);
});
