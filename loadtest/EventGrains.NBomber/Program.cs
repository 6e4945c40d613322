using System.Globalization;
using System.Net.Http.Headers;
using EventGrains.LoadTest.Cluster;
using EventGrains.LoadTest.Generator;
using EventGrains.NBomber;
using NBomber.Contracts;
using NBomber.CSharp;

// SCENARIO RATE SECONDS SEED GATEWAY...
var scenario = EventGrains.LoadTest.Cluster.Scenario.Named(args[0], Number(args[1]), Number(args[2]));
using var records = scenario.Workload(Number(args[3])).Stream().GetEnumerator();
Uri[] gateways = [.. args.Skip(4).Select(gateway => new Uri(gateway))];
using var http = new HttpClient();
var turn = 0;

var bodies = NBomber.CSharp.Scenario
    .Create(scenario.Name, async _ => await Offer())
    .WithoutWarmUp()
    .WithLoadSimulations(LoadShape.Of(scenario));
NBomberRunner.RegisterScenarios(bodies).Run();

async Task<IResponse> Offer()
{
    var body = new List<Record>(LoadShape.BodyEvents);
    lock (records)
    {
        while (body.Count < LoadShape.BodyEvents && records.MoveNext())
        {
            body.Add(records.Current);
        }
    }

    // Sent again to the next gateway until it is acknowledged: a body that is lost is not load, it is a wrong result.
    while (true)
    {
        using var content = new ReadOnlyMemoryContent(RecordWriter.WriteAll(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        var gateway = gateways[(int)((uint)Interlocked.Increment(ref turn) % gateways.Length)];
        try
        {
            using var answer = await http.PostAsync(new Uri(gateway, "v1/sources/doors/events"), content);
            if (answer.IsSuccessStatusCode)
            {
                return Response.Ok(sizeBytes: content.Headers.ContentLength ?? 0);
            }
        }
        catch (HttpRequestException)
        {
            // Away for now.
        }

        await Task.Delay(TimeSpan.FromMilliseconds(100));
    }
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
