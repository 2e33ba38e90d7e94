import { startFakeGcs, withoutFakeGcs } from "../../../integration/servers/fake_gcs.ts";
import { startGcpEmulator, withoutGcpEmulator } from "../../../integration/servers/gcp_emulator.ts";
import { withoutToxiproxy } from "../../../integration/servers/toxiproxy.ts";
import { PART } from "./stores.ts";
import { tryWireFaults } from "./wire_faults.ts";

Deno.test({
  name: "GcsObjectStore on fake-gcs-server stores objects whole or not at all, however their connections break",
  ignore: withoutFakeGcs || withoutToxiproxy,
  // It can not resume uploads, so that there are only such as take one request.
  fn: () => tryWireFaults({ start: startFakeGcs, mostBytes: PART, runs: 40 }),
});

Deno.test({
  name: "GcsObjectStore on gcp-storage-emulator stores objects whole or not at all, however their connections break",
  ignore: withoutGcpEmulator || withoutToxiproxy,
  fn: () => tryWireFaults({ start: startGcpEmulator, mostBytes: 6 * PART, runs: 40 }),
});
