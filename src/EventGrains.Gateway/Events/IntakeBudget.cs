using EventGrains.Gateway.Http;

namespace EventGrains.Gateway.Events;

/// <summary>Bounds what all requests at work hold in memory together.</summary>
internal sealed class IntakeBudget(long bytesMax)
{
    private long taken;

    public long Taken => Interlocked.Read(ref taken);

    public Share Open() => new(this);

    /// <summary>What one request has taken; given back when the request has been answered.</summary>
    internal sealed class Share(IntakeBudget budget) : IDisposable
    {
        private long bytes;

        /// <summary>Makes sure that the request holds at least so many bytes of the budget.</summary>
        /// <exception cref="ProblemException">503: others hold too much. A request that is alone always gets its share.</exception>
        public void Grow(long total)
        {
            var more = total - bytes;
            if (more <= 0)
            {
                return;
            }

            if (Interlocked.Add(ref budget.taken, more) > budget.Max && Interlocked.Read(ref budget.taken) > total)
            {
                Interlocked.Add(ref budget.taken, -more);
                throw ProblemException.Unavailable(
                    $"the bodies at work hold {budget.Max} bytes (intakeBytesMax)",
                    "send the same bytes again after Retry-After; nothing of this request was kept");
            }

            bytes = total;
        }

        public void Dispose()
        {
            Interlocked.Add(ref budget.taken, -bytes);
            bytes = 0;
        }
    }

    private long Max => bytesMax;
}
