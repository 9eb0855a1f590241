// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Admission;

/// <summary>A webhook that could not be asked, or whose answer is none; the message says why, in kube-apiserver's words.</summary>
internal sealed class WebhookException : Exception
{
    public WebhookException(string message)
        : base(message)
    {
    }

    public WebhookException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public static WebhookException Invalid(string why) => new($"received invalid webhook response: {why}");
}
