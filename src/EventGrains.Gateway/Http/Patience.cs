using EventGrains.Gateway.Status;

namespace EventGrains.Gateway.Http;

/// <summary>What clients need not see of silos and gateways that stop and start: a question is asked again elsewhere, and one that comes too early waits.</summary>
internal static class Patience
{
    /// <summary>How long a question is asked again when its silo stops, or has gone, while it answers. It changes nothing, so it may be.</summary>
    public static readonly TimeSpan AskedWithin = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan PauseFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(1);

    public static async ValueTask<object?> Filter(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (http.RequestServices.GetService<ClusterLook>() is { } look)
        {
            await look.Beginning(http.RequestAborted);
        }

        var time = http.RequestServices.GetRequiredService<TimeProvider>();
        var asked = time.GetTimestamp();
        for (var pause = PauseFirst; ; pause = pause * 2 > PauseMax ? PauseMax : pause * 2)
        {
            try
            {
                return await next(context);
            }
            catch (OrleansException) when (HttpMethods.IsGet(http.Request.Method) && !http.Response.HasStarted && time.GetElapsedTime(asked) < AskedWithin)
            {
                await Task.Delay(pause, time, http.RequestAborted);
            }
        }
    }
}
