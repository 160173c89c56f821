// The account that is signed in, as the server has it: read anew after a change.
import type { User } from "@/api/types";
import { api } from "./api-client";
import { updateUser } from "./auth-session";

export async function readProfile(): Promise<void> {
  updateUser(await api<User>("/api/auth/profile"));
}

export async function saveName(name: string): Promise<void> {
  updateUser(await api<User>("/api/auth/profile", { method: "PUT", body: { name } }));
}
