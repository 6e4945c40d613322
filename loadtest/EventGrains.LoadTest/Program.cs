using System.CommandLine;
using EventGrains.LoadTest.Product;
using EventGrains.LoadTest.Verbs;

var seed = new Option<int>("--seed") { Description = "The same seed gives the same events.", DefaultValueFactory = _ => 1 };
var json = new Option<string?>("--json") { Description = "Write the result here as JSON." };
var work = new Option<string?>("--work") { Description = "Directory for what the run needs (3 kB per event); default: the temporary directory. Emptied at the end unless something failed." };
var product = new Option<string?>("--product") { Description = "The eventgrains executable or dll; default: the one built along with this program." };
var actions = new Option<string?>("--actions") { Description = "The assembly of the noop action; default: the one built along." };

RunOptions Shared(ParseResult parsed) => new(
    parsed.GetValue(seed), parsed.GetValue(json), parsed.GetValue(work),
    ProductFiles.Locate(parsed.GetValue(product), parsed.GetValue(actions)));

var root = new RootCommand("Load tests of EventGrains: the product runs as a child process and is held against an oracle that planned the truth.");

var events = new Option<int>("--events") { Description = "How many events.", DefaultValueFactory = _ => 20_000 };
var rounds = new Option<int>("--rounds") { Description = "Interleaved rounds; the medians count.", DefaultValueFactory = _ => 3 };
var latencySeconds = new Option<int>("--latency-seconds") { Description = "How long latency is measured.", DefaultValueFactory = _ => 20 };
var embedded = new Command("embedded", "Intake from a log file and by HTTP beside the limits of this machine. Example: embedded --events 1000000 --json result.json")
{
    events, rounds, latencySeconds,
};
embedded.SetAction((parsed, ct) =>
    Embedded.Run(parsed.GetValue(events), parsed.GetValue(rounds), parsed.GetValue(latencySeconds), Shared(parsed), ct));

var postgres = new Option<string?>("--postgres") { Description = "A connection to a PostgreSQL server whose user may create databases; the limit is measured there too." };
var limits = new Command("limits", "The limits of this machine alone: parse only and the bare loop. Example: limits --events 1000000")
{
    events, rounds, postgres,
};
limits.SetAction((parsed, _) => Embedded.RunLimits(parsed.GetValue(events), parsed.GetValue(rounds), parsed.GetValue(postgres), Shared(parsed)));

var crashEvents = new Option<int>("--events") { Description = "How many events.", DefaultValueFactory = _ => 10_000 };
var files = new Option<int>("--files") { Description = "How many real files are written into the watched directory.", DefaultValueFactory = _ => 50 };
var kills = new Option<int>("--kills") { Description = "How often the product is killed with kill -9.", DefaultValueFactory = _ => 2 };
var rate = new Option<int>("--rate") { Description = "Events offered per second.", DefaultValueFactory = _ => 5_000 };
var crash = new Command("crash", "kill -9 at random moments; nothing may be lost, doubled or half done. Example: crash --events 100000 --files 500 --kills 10")
{
    crashEvents, files, kills, rate,
};
crash.SetAction((parsed, ct) =>
    Crash.Run(parsed.GetValue(crashEvents), parsed.GetValue(files), parsed.GetValue(kills), parsed.GetValue(rate), Shared(parsed), ct));

var memoryFiles = new Option<int>("--files") { Description = "How many files.", DefaultValueFactory = _ => 20_000 };
var memory = new Command("memory", "Resident memory as the files grow more, the cold start, and a listing. Example: memory --files 2000000 --json result.json")
{
    memoryFiles,
};
memory.SetAction((parsed, ct) => Memory.Run(parsed.GetValue(memoryFiles), Shared(parsed), ct));

foreach (var verb in (Command[])[embedded, limits, crash, memory, ClusterCommand.Create(Shared), ClusterCommand.CreatePostgres(Shared), ClusterCommand.CreateGrowth(Shared)])
{
    verb.Add(seed);
    verb.Add(json);
    verb.Add(work);
    verb.Add(product);
    verb.Add(actions);
    root.Add(verb);
}

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is ProductException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
