using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventGrains.Contracts.Sources;
using EventGrains.Files;
using EventGrains.Gateway.Datasets;
using EventGrains.Gateway.Events;
using EventGrains.Gateway.Files;
using EventGrains.Gateway.Sources;
using EventGrains.Gateway.Status;
using EventGrains.Gateway.Transitions;

namespace EventGrains.Gateway.Http;

/// <summary>One page of a list.</summary>
/// <param name="Next">Give it as <c>after</c> to get the next page; null on the last one.</param>
internal sealed record ListView<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>All that the gateway writes and reads as JSON.</summary>
[JsonSerializable(typeof(ProblemView))]
[JsonSerializable(typeof(IntakeAnswer))]
[JsonSerializable(typeof(FileView))]
[JsonSerializable(typeof(ListView<FileView>))]
[JsonSerializable(typeof(ListView<FileStepView>))]
[JsonSerializable(typeof(ListView<TransitionView>))]
[JsonSerializable(typeof(RetryAnswer))]
[JsonSerializable(typeof(GapView))]
[JsonSerializable(typeof(DatasetView))]
[JsonSerializable(typeof(ListView<DatasetView>))]
[JsonSerializable(typeof(SourceJson))]
[JsonSerializable(typeof(ListView<SourceJson>))]
[JsonSerializable(typeof(DeadLetterView))]
[JsonSerializable(typeof(ListView<DeadLetterView>))]
[JsonSerializable(typeof(ListView<ParkedDeliveryView>))]
[JsonSerializable(typeof(SeekRequest))]
[JsonSerializable(typeof(ResumeRequest))]
[JsonSerializable(typeof(StatusJson))]
[JsonSerializable(typeof(HealthView))]
internal sealed partial class GatewayJson : JsonSerializerContext;

/// <summary>How it is written: enums as words, times as RFC 3339 in UTC.</summary>
internal static class WireJson
{
    public static readonly JsonSerializerOptions Options = Configured(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Configured(JsonSerializerOptions options)
    {
        // Names of files are for people too. Safe: every answer says its content type, and `nosniff`.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new UtcConverter());
        options.Converters.Add(new WordConverter<FileStatus>());
        options.Converters.Add(new WordConverter<Existence>());
        options.Converters.Add(new WordConverter<Locality>());
        options.Converters.Add(new WordConverter<ReplicaState>());
        options.Converters.Add(new WordConverter<StepState>());
        options.Converters.Add(new WordConverter<TransitionKind>());
        options.Converters.Add(new WordConverter<SourceState>());
        options.TypeInfoResolverChain.Insert(0, GatewayJson.Default);
        return options;
    }
}
