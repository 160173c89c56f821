import { expect, it } from "vitest";
import { checkRegister, checkSignIn } from "./check";

it("accepts what the server accepts", () => {
  expect(checkRegister({ name: "Ana", email: " ana@keller.example ", password: "0123456789" })).toEqual({});
  expect(checkSignIn({ email: "ana@keller.example", password: "x" })).toEqual({});
});

it("names the first thing to mend in each field", () => {
  expect(checkRegister({ name: " ", email: "ana", password: "short" })).toEqual({
    name: "Write the name others should see",
    email: "Add the part after your name, such as @example.org",
    password: "Use at least 10 characters",
  });
  expect(checkSignIn({ email: "ana@keller", password: "" })).toEqual({
    email: "Add the part after the dot, such as .org",
    password: "Write your password",
  });
});

it("counts characters, not code units", () => {
  expect(checkRegister({ name: "Ana", email: "a@b.co", password: "🌿".repeat(9) }).password).toBe(
    "Use at least 10 characters",
  );
  expect(checkRegister({ name: "Ana", email: "a@b.co", password: "🌿".repeat(128) }).password).toBeUndefined();
});
