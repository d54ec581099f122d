// Writes a record and prints the list of records, configured by the environment alone.
import {
  CognitoSyncClient, ListRecordsCommand, UpdateRecordsCommand,
} from "@aws-sdk/client-cognito-sync";

const sync = new CognitoSyncClient({});
const where = {
  IdentityPoolId: process.env.TIDEMARK_POOL_ID,
  IdentityId: "us-east-1:00000000-0000-0000-0000-00000000000b",
  DatasetName: "javascript",
};
const { SyncSessionToken } = await sync.send(new ListRecordsCommand(where));
await sync.send(new UpdateRecordsCommand({
  ...where,
  SyncSessionToken,
  RecordPatches: [{ Op: "replace", Key: "theme", Value: "dark", SyncCount: 0 }],
}));
const { Records } = await sync.send(new ListRecordsCommand(where));
console.log(JSON.stringify({ Records }));
