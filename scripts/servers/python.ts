/**
 * Servers and libraries that `pip` installs, each into a virtual environment of its own.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import type { Server } from "./server.ts";

/** What is installed in a virtual environment. */
export interface PythonServer extends Pick<Server, "name" | "version" | "startedBy" | "suites"> {
  /** The file beside this module that names every package with its version. */
  readonly requirements: string;
}

/**
 * A virtual environment. Its program is `python`: that finds its packages wherever the environment is moved, which its scripts do
 * not, so call `python -m`.
 */
export function pythonServer({ requirements, ...server }: PythonServer): Server {
  return {
    ...server,
    program: Deno.build.os === "windows" ? "Scripts/python" : "bin/python",
    installer: "python3",
    probe: ["-I", "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"],
    needs: "python3 of version 3.11 or later with venv",
    command: (folder) => ({ args: ["-I", pathOf("environment.py"), folder, pathOf(requirements)], env: {} }),
  };
}

function pathOf(name: string): string {
  return fromFileUrl(new URL(name, import.meta.url));
}
