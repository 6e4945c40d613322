using System.Text;
using EventGrains.Events;
using Microsoft.Extensions.DependencyInjection;

namespace EventGrains.Tests.Gateway;

/// <summary>Shows a test the records that reach the CloudEvents decoder.</summary>
internal sealed class SeeingDecoder(Action<string> see) : IEventDecoder
{
    public string Format => "cloudevents";

    public static ServiceDescriptor Into(Action<string> see) => ServiceDescriptor.Singleton<IReadOnlyDictionary<string, IEventDecoder>>(
        new Dictionary<string, IEventDecoder> { ["cloudevents"] = new SeeingDecoder(see) });

    public Decoded Decode(ReadOnlySpan<byte> record, in DecodeContext context, List<StorageEvent> events)
    {
        see(Encoding.UTF8.GetString(record));
        return new Decoded("seen");
    }
}
