import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { fakeServer, renderAt } from "@/testing/render";
import { RegisterForm } from "./auth-forms";

it("says the server's word about a field as a sentence at that field, and goes there", async () => {
  fakeServer(() => ({
    status: 422,
    body: {
      code: "validation_failed",
      detail: "Some fields are not valid.",
      errors: [{ field: "password", message: "is too easy to guess. Add another word or two." }],
    },
  }));
  renderAt("/register", <RegisterForm onDone={() => undefined} />);
  await userEvent.type(screen.getByLabelText("Name"), "Ana");
  await userEvent.type(screen.getByLabelText("E-mail"), "ana@keller.example");
  const password = screen.getByLabelText("Password");
  await userEvent.type(password, "0123456789");
  await userEvent.click(screen.getByRole("button", { name: "Create account" }));
  await screen.findByText("The password is too easy to guess. Add another word or two.");
  await screen.findByText("Look at the marked fields.");
  expect(document.activeElement).toBe(password);
  expect(password.getAttribute("aria-invalid")).toBe("true");
});
