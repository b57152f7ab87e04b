using Grpc.Core;
using Grpc.Core.Interceptors;
using PooledClients.Grpc.Methods;
using PooledClients.Grpc.WarmUp;

namespace PooledClients.Grpc.Calls;

/// <summary>Puts together what a client's calls pass through in front of the channel, outermost last.</summary>
internal sealed class CallPipeline(
    CallInvoker channel, PooledGrpcClientOptions options, GrpcClientSetup setup, CallPipelineFacts facts, IServiceProvider services)
{
    private readonly MethodPolicies _policies = new(options, facts);
    private readonly List<CallCredentials> _credentials = CreateCredentials(setup, services);

    /// <summary>The part of it that is ours, in front of a channel to no real server: its calls earn and spend nothing, and are not counted.</summary>
    public CallInvoker BuildFor(WarmUpChannel channel)
        => new PolicyCallInvoker(channel.CreateCallInvoker(), _policies.ForWarmUp(), facts.Time, stubDeadline: null, mayWait: false);

    /// <param name="stubDeadline">The deadline of the stub, which comes before the methods'.</param>
    /// <param name="scope">The services of the stub's scope; without, what it needs of them is made from the root.</param>
    public CallInvoker Build(TimeSpan? stubDeadline, IServiceProvider? scope = null)
    {
        var invoker = channel;
        foreach (var create in Enumerable.Reverse(setup.ClientInterceptors))
        {
            invoker = invoker.Intercept(create(scope ?? services));
        }

        if (_credentials.Count > 0)
        {
            invoker = new CallOptionsInvoker(invoker, scope is null ? _credentials : CreateCredentials(setup, scope), []);
        }

        // What the application says of a call's options is the caller's word: the policy comes after it, and attempts share it.
        invoker = new PolicyCallInvoker(invoker, _policies, facts.Time, stubDeadline, setup.MayWait, facts.Calls);
        return setup.CallOptions.Count > 0 ? new CallOptionsInvoker(invoker, [], setup.CallOptions) : invoker;
    }

    private static List<CallCredentials> CreateCredentials(GrpcClientSetup setup, IServiceProvider services)
        => [.. setup.CallCredentials.Select(create => create(services))];
}
