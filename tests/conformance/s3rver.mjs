// s3rver.mjs FOLDER - a server of the protocol of Amazon S3, made by others, with a bucket mail-files.
//
// Its objects are in FOLDER. It verifies signatures (Signature Version 4), and prints its port when it listens. The
// package comes from $NODE_FOLDER; its only key is S3RVER, with the secret S3RVER.

import { createRequire } from "node:module";

const S3rver = createRequire(`${process.env.NODE_FOLDER}/`)("@20minutes/s3rver");
const server = new S3rver({
    address: "127.0.0.1", port: 0, silent: true, directory: process.argv[2], configureBuckets: [{ name: "mail-files" }],
});
console.log((await server.run()).port);
