/**
 * Requests to servers of the Google Cloud Storage API, for the tests of these servers.
 *
 * @module
 */

/** Puts an object, in one request. */
export async function putObject(url: string, bucket: string, name: string, text: string, query = ""): Promise<number> {
  const path = `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}${query}`;
  const answer = await fetch(url + path, { method: "POST", body: new TextEncoder().encode(text) });
  await answer.body?.cancel();
  return answer.status;
}

/** The text of an object. */
export async function getObject(url: string, bucket: string, name: string): Promise<string> {
  const answer = await fetch(`${url}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`);
  return await answer.text();
}

/** Begins an upload in parts, and gives the address of its session. */
export async function beginUpload(url: string, bucket: string, name: string): Promise<string> {
  const path = `/upload/storage/v1/b/${bucket}/o?uploadType=resumable&name=${encodeURIComponent(name)}`;
  const answer = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  await answer.body?.cancel();
  return answer.headers.get("location") ?? `status ${answer.status}, without a location`;
}
