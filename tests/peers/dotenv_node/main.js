// Answers on stdout what node's dotenv makes of the .env texts on stdin, one JSON value a line.
// A question is [version, text]; the answer is an object of the variables.
const path = require("node:path");
const readline = require("node:readline");

const modules = path.resolve(process.argv[2], "node_modules");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [version, text] = JSON.parse(line);
  const { parse } = require(path.join(modules, version));
  console.log(JSON.stringify(parse(text)));
});
