import { expect, it } from "vitest";
import { ApiError } from "@/lib/api-client";
import type { Way } from "@/lib/providers";
import { readReturn, refusedReturn } from "./oauth-return";

const signIn: Way = { purpose: "sign-in", next: "/c/1" };
const link: Way = { purpose: "link", next: "/settings/security" };
const read = (query: string, way = signIn) => readReturn(new URLSearchParams(query), "github", way);

it("takes the code and the state", () => {
  expect(read("code=c&state=s&scope=x")).toEqual({ kind: "whole", brought: { code: "c", state: "s" } });
  expect(read("code=c&state=s&iss=x")).toMatchObject({ brought: { iss: "x" } });
});

it("tells a refusal by the user from a fault of the provider, and repeats no text of a link", () => {
  expect(read("error=access_denied")).toMatchObject({ fault: { title: "Stopped at GitHub", to: "sign-in" } });
  expect(read("error=server_error&state=s")).toMatchObject({
    fault: { words: "Nothing has changed here. It says: server_error. Try again, or choose another way." },
  });
  const forged = read("error=Call%20me%20at%20555&error_description=Give%20your%20password");
  expect(JSON.stringify(forged)).not.toMatch(/555|password/);
});

it("finishes nothing with half of what it needs", () => {
  for (const query of ["", "code=c", "state=s", "code=&state=s"]) {
    expect(read(query)).toMatchObject({ kind: "fault", fault: { title: "Nothing to finish" } });
  }
  expect(read("", link)).toMatchObject({ fault: { to: "security" } });
});

it("explains what to do with an account that is there already", () => {
  const fault = refusedReturn(new ApiError({ status: 409, code: "account_exists" }), "google", signIn);
  expect(fault.to).toBe("sign-in");
  expect(fault.words).toContain("Sign in to it the way you did before, then link Google in Settings, Security.");
});

it("says what stands in the way of a provider's word", () => {
  const title = (code: string, status = 409) => refusedReturn(new ApiError({ status, code }), "github", link).title;
  expect(title("identity_taken")).toBe("This GitHub account is linked already");
  expect(title("provider_linked")).toBe("Another GitHub account is linked");
  expect(title("email_required", 422)).toBe("GitHub gave no e-mail address");
  expect(title("invalid_credentials", 401)).toBe("This account is shut");
});

it("says to begin again when the state is not this browser's, and says what else is wrong", () => {
  expect(refusedReturn(new ApiError({ status: 400, code: "invalid_state" }), "github", link)).toMatchObject({
    title: "The way back from GitHub is not whole",
    to: "security",
  });
  const late = new ApiError({ status: 503, detail: "GitHub does not answer." }, 5);
  expect(refusedReturn(late, "github", signIn).words).toBe(
    "GitHub does not answer. Ready again in 5 s. Begin again when you like.",
  );
});
