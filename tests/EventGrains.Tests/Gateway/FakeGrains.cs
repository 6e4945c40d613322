using System.Reflection;
using EventGrains.Contracts.Transitions;
using Orleans;
using Orleans.Runtime;

namespace EventGrains.Tests.Gateway;

/// <summary>Gives objects of ours where the gateway asks for grains: no silo, and every answer in the test's hand.</summary>
public sealed class FakeGrains : IGrainFactory
{
    private readonly Dictionary<Type, Func<object, object>> served = [];

    /// <summary>So many of the next calls get lost, of whichever grain but the log, which tails read all the time: no answer ever comes.</summary>
    public int LoseNext { get; set; }

    public void Serve<T>(Func<object, T> make)
        where T : notnull =>
        served[typeof(T)] = key => make(key);

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey =>
        Get<TGrainInterface>(primaryKey);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey =>
        Get<TGrainInterface>(primaryKey);

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey =>
        Get<TGrainInterface>(primaryKey);

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidCompoundKey =>
        throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerCompoundKey =>
        throw new NotSupportedException();

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver =>
        throw new NotSupportedException();

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver =>
        throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey, string keyExtension) => throw new NotSupportedException();

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey, string keyExtension) => throw new NotSupportedException();

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable =>
        throw new NotSupportedException();

    public IAddressable GetGrain(Type grainInterfaceType, IdSpan grainPrimaryKey) => throw new NotSupportedException();

    public IAddressable GetGrain(Type interfaceType, IdSpan grainKey, string grainClassNamePrefix) => throw new NotSupportedException();

    public IAddressable GetGrain(GrainId grainId) => throw new NotSupportedException();

    public IAddressable GetGrain(GrainId grainId, GrainInterfaceType interfaceType) => throw new NotSupportedException();

    private T Get<T>(object key) =>
        served.TryGetValue(typeof(T), out var make)
            ? Over((T)make(key))
            : throw new NotSupportedException($"the test serves no {typeof(T).Name}");

    private T Over<T>(T grain)
    {
        var lossy = DispatchProxy.Create<T, Lossy>();
        ((Lossy)(object)lossy!).Begin(grain!, this);
        return lossy;
    }

    /// <summary>A grain on the other side of a silo that may stand still.</summary>
    public class Lossy : DispatchProxy
    {
        private object grain = null!;
        private FakeGrains all = null!;

        public void Begin(object over, FakeGrains of) => (grain, all) = (over, of);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (grain is ITransitionLogGrain || all.LoseNext-- <= 0)
            {
                return targetMethod!.Invoke(grain, BindingFlags.DoNotWrapExceptions, null, args, null);
            }

            var result = targetMethod!.ReturnType.IsGenericType ? targetMethod.ReturnType.GetGenericArguments()[0] : typeof(object);
            var never = Activator.CreateInstance(typeof(TaskCompletionSource<>).MakeGenericType(result))!;
            return never.GetType().GetProperty("Task")!.GetValue(never);
        }
    }
}
