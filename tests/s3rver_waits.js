// Loaded before s3rver, which answers before what it was sent is on the disk: a file that is read at once may then be
// empty, or begin anew with the end of the one before. An S3 server answers when the object, or the part, is there.
"use strict";

const crypto = require("crypto");
const fs = require("fs");
const path = require("path");
const { Readable } = require("stream");
const { pipeline } = require("stream/promises");

const FilesystemStore = require(path.join(process.env.S3RVER, "lib/stores/filesystem"));

FilesystemStore.prototype.putObject = async function ({ bucket, key, content, metadata }) {
  const written = await write(content, this.getResourcePath(bucket, key, "object"));
  await this.putMetadata(bucket, key, metadata, written.md5);
  return written;
};

FilesystemStore.prototype.putPart = async function (bucket, uploadId, partNumber, content) {
  const file = path.join(this.getResourcePath(bucket, undefined, "uploads"), uploadId, String(partNumber));
  const written = await write(content, file);
  await fs.promises.writeFile(`${file}.md5`, written.md5);
  return written;
};

async function write(content, file) {
  await fs.promises.mkdir(path.dirname(file), { recursive: true });
  const hash = crypto.createHash("md5");
  let size = 0;
  async function* measured(chunks) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  }
  const chunks = Buffer.isBuffer(content) ? Readable.from([content]) : content;
  await pipeline(chunks, measured, fs.createWriteStream(file));
  return { size, md5: hash.digest("hex") };
}
