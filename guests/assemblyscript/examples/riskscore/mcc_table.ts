// Made of examples/riskscore/mcc/mcc_codes.csv: go test ./guests/sdktest -run Tables -update

export const CODES: StaticArray<u16> = [
  742, 763, 780, 1520, 1711, 1731, 1740, 1750, 1761, 1771, 1799, 2741, 2791, 2842, 3000, 3001, 3002, 3003, 3004, 3005,
  3006, 3007, 3008, 3009, 3010, 3011, 3012, 3013, 3014, 3015, 3016, 3017, 3018, 3019, 3020, 3021, 3022, 3023, 3024, 3025,
  3026, 3027, 3028, 3029, 3030, 3031, 3032, 3033, 3034, 3035, 3036, 3037, 3038, 3039, 3040, 3041, 3042, 3043, 3044, 3045,
  3046, 3047, 3048, 3049, 3050, 3051, 3052, 3053, 3054, 3055, 3056, 3057, 3058, 3059, 3060, 3061, 3062, 3063, 3064, 3065,
  3066, 3067, 3068, 3069, 3070, 3071, 3072, 3073, 3074, 3075, 3076, 3077, 3078, 3079, 3080, 3081, 3082, 3083, 3084, 3085,
  3086, 3087, 3088, 3089, 3090, 3091, 3092, 3093, 3094, 3095, 3096, 3097, 3098, 3099, 3100, 3101, 3102, 3103, 3104, 3105,
  3106, 3107, 3108, 3109, 3110, 3111, 3112, 3113, 3114, 3115, 3116, 3117, 3118, 3119, 3120, 3121, 3122, 3123, 3124, 3125,
  3126, 3127, 3128, 3129, 3130, 3131, 3132, 3133, 3134, 3135, 3136, 3137, 3138, 3139, 3140, 3141, 3142, 3143, 3144, 3145,
  3146, 3147, 3148, 3149, 3150, 3151, 3152, 3153, 3154, 3155, 3156, 3157, 3158, 3159, 3160, 3161, 3162, 3163, 3164, 3165,
  3166, 3167, 3168, 3169, 3170, 3171, 3172, 3173, 3174, 3175, 3176, 3177, 3178, 3179, 3180, 3181, 3182, 3183, 3184, 3185,
  3186, 3187, 3188, 3189, 3190, 3191, 3192, 3193, 3194, 3195, 3196, 3197, 3198, 3199, 3200, 3201, 3202, 3203, 3204, 3205,
  3206, 3207, 3208, 3209, 3210, 3211, 3212, 3213, 3214, 3215, 3216, 3217, 3218, 3219, 3220, 3221, 3222, 3223, 3224, 3225,
  3226, 3227, 3228, 3229, 3230, 3231, 3232, 3233, 3234, 3235, 3236, 3237, 3238, 3239, 3240, 3241, 3242, 3243, 3244, 3245,
  3246, 3247, 3248, 3249, 3250, 3251, 3252, 3253, 3254, 3255, 3256, 3257, 3258, 3259, 3260, 3261, 3262, 3263, 3264, 3265,
  3266, 3267, 3268, 3269, 3270, 3271, 3272, 3273, 3274, 3275, 3276, 3277, 3278, 3279, 3280, 3281, 3282, 3283, 3284, 3285,
  3286, 3287, 3288, 3289, 3290, 3291, 3292, 3293, 3294, 3295, 3296, 3297, 3298, 3299, 3351, 3352, 3353, 3354, 3355, 3356,
  3357, 3358, 3359, 3360, 3361, 3362, 3363, 3364, 3365, 3366, 3367, 3368, 3369, 3370, 3371, 3372, 3373, 3374, 3375, 3376,
  3377, 3378, 3379, 3380, 3381, 3382, 3383, 3384, 3385, 3386, 3387, 3388, 3389, 3390, 3391, 3392, 3393, 3394, 3395, 3396,
  3397, 3398, 3399, 3400, 3401, 3402, 3403, 3404, 3405, 3406, 3407, 3408, 3409, 3410, 3411, 3412, 3413, 3414, 3415, 3416,
  3417, 3418, 3419, 3420, 3421, 3422, 3423, 3424, 3425, 3426, 3427, 3428, 3429, 3430, 3431, 3432, 3433, 3434, 3435, 3436,
  3437, 3438, 3439, 3440, 3441, 3501, 3502, 3503, 3504, 3505, 3506, 3507, 3508, 3509, 3510, 3511, 3512, 3513, 3514, 3515,
  3516, 3517, 3518, 3519, 3520, 3521, 3522, 3523, 3524, 3525, 3526, 3527, 3528, 3529, 3530, 3531, 3532, 3533, 3534, 3535,
  3536, 3537, 3538, 3539, 3540, 3541, 3542, 3543, 3544, 3545, 3546, 3547, 3548, 3549, 3550, 3551, 3552, 3553, 3554, 3555,
  3556, 3557, 3558, 3559, 3560, 3561, 3562, 3563, 3564, 3565, 3566, 3567, 3568, 3569, 3570, 3571, 3572, 3573, 3574, 3575,
  3576, 3577, 3578, 3579, 3580, 3581, 3582, 3583, 3584, 3585, 3586, 3587, 3588, 3589, 3590, 3591, 3592, 3593, 3594, 3595,
  3596, 3597, 3598, 3599, 3600, 3601, 3602, 3603, 3604, 3605, 3606, 3607, 3608, 3609, 3610, 3611, 3612, 3613, 3614, 3615,
  3616, 3617, 3618, 3619, 3620, 3621, 3622, 3623, 3624, 3625, 3626, 3627, 3628, 3629, 3630, 3631, 3632, 3633, 3634, 3635,
  3636, 3637, 3638, 3639, 3640, 3641, 3642, 3643, 3644, 3645, 3646, 3647, 3648, 3649, 3650, 3651, 3652, 3653, 3654, 3655,
  3656, 3657, 3658, 3659, 3660, 3661, 3662, 3663, 3664, 3665, 3666, 3667, 3668, 3669, 3670, 3671, 3672, 3673, 3674, 3675,
  3676, 3677, 3678, 3679, 3680, 3681, 3682, 3683, 3684, 3685, 3686, 3687, 3688, 3689, 3690, 3691, 3692, 3693, 3694, 3695,
  3696, 3697, 3698, 3699, 3700, 3701, 3702, 3703, 3704, 3705, 3706, 3707, 3708, 3709, 3710, 3711, 3712, 3713, 3714, 3715,
  3716, 3717, 3718, 3719, 3720, 3721, 3722, 3723, 3724, 3725, 3726, 3727, 3728, 3729, 3730, 3731, 3732, 3733, 3734, 3735,
  3736, 3737, 3738, 3739, 3740, 3741, 3742, 3743, 3744, 3745, 3746, 3747, 3748, 3749, 3750, 3751, 3752, 3753, 3754, 3755,
  3756, 3757, 3758, 3759, 3760, 3761, 3762, 3763, 3764, 3765, 3766, 3767, 3768, 3769, 3770, 3771, 3772, 3773, 3774, 3775,
  3776, 3777, 3778, 3779, 3780, 3781, 3782, 3783, 3784, 3785, 3786, 3787, 3788, 3789, 3790, 3816, 3835, 4011, 4111, 4112,
  4119, 4121, 4131, 4214, 4215, 4225, 4411, 4457, 4468, 4511, 4582, 4722, 4723, 4784, 4789, 4812, 4814, 4815, 4816, 4821,
  4829, 4899, 4900, 5013, 5021, 5039, 5044, 5045, 5046, 5047, 5051, 5065, 5072, 5074, 5085, 5094, 5099, 5111, 5122, 5131,
  5137, 5139, 5169, 5172, 5192, 5193, 5198, 5199, 5200, 5211, 5231, 5251, 5261, 5271, 5300, 5309, 5310, 5311, 5331, 5399,
  5411, 5422, 5441, 5451, 5462, 5499, 5511, 5521, 5531, 5532, 5533, 5541, 5542, 5551, 5561, 5571, 5592, 5598, 5599, 5611,
  5621, 5631, 5641, 5651, 5655, 5661, 5681, 5691, 5697, 5698, 5699, 5712, 5713, 5714, 5718, 5719, 5722, 5732, 5733, 5734,
  5735, 5811, 5812, 5813, 5814, 5815, 5816, 5817, 5818, 5832, 5912, 5921, 5931, 5932, 5933, 5935, 5937, 5940, 5941, 5942,
  5943, 5944, 5945, 5946, 5947, 5948, 5949, 5950, 5960, 5961, 5962, 5963, 5964, 5965, 5966, 5967, 5968, 5969, 5970, 5971,
  5972, 5973, 5975, 5976, 5977, 5978, 5983, 5992, 5993, 5994, 5995, 5996, 5997, 5998, 5999, 6010, 6011, 6012, 6051, 6211,
  6300, 6381, 6399, 6513, 7011, 7012, 7032, 7033, 7210, 7211, 7216, 7217, 7221, 7230, 7251, 7261, 7273, 7276, 7277, 7278,
  7296, 7297, 7298, 7299, 7311, 7321, 7332, 7333, 7338, 7339, 7342, 7349, 7361, 7372, 7375, 7379, 7392, 7393, 7394, 7395,
  7399, 7511, 7512, 7513, 7519, 7523, 7531, 7534, 7535, 7538, 7542, 7549, 7622, 7623, 7629, 7631, 7641, 7692, 7699, 7800,
  7801, 7802, 7829, 7832, 7841, 7911, 7922, 7929, 7932, 7933, 7941, 7991, 7992, 7993, 7994, 7995, 7996, 7997, 7998, 7999,
  8011, 8021, 8031, 8041, 8042, 8043, 8044, 8049, 8050, 8062, 8071, 8099, 8111, 8211, 8220, 8241, 8244, 8249, 8299, 8351,
  8398, 8641, 8651, 8661, 8675, 8699, 8734, 8911, 8931, 8999, 9211, 9222, 9223, 9311, 9399, 9402, 9405, 9700, 9701, 9702,
  9950,
];

export const OFFSETS: StaticArray<u16> = [
  0, 20, 47, 92, 139, 245, 268, 411, 433, 509, 537, 591, 629, 675, 734, 750, 768, 781, 790, 811,
  827, 842, 853, 863, 874, 901, 910, 917, 926, 950, 959, 963, 985, 1000, 1009, 1019, 1031, 1051, 1060, 1083,
  1099, 1108, 1121, 1131, 1138, 1160, 1176, 1182, 1198, 1220, 1235, 1249, 1258, 1274, 1282, 1301, 1327, 1335, 1346, 1356,
  1372, 1397, 1410, 1426, 1436, 1447, 1465, 1474, 1489, 1504, 1518, 1529, 1559, 1565, 1574, 1584, 1596, 1604, 1611, 1620,
  1629, 1639, 1648, 1657, 1678, 1687, 1707, 1716, 1725, 1734, 1753, 1764, 1777, 1792, 1801, 1810, 1818, 1834, 1846, 1859,
  1890, 1899, 1914, 1931, 1941, 1950, 1959, 1968, 1977, 1992, 2001, 2014, 2023, 2032, 2047, 2072, 2081, 2088, 2107, 2116,
  2125, 2153, 2162, 2171, 2180, 2194, 2210, 2226, 2235, 2244, 2253, 2262, 2268, 2284, 2293, 2302, 2311, 2320, 2329, 2338,
  2342, 2349, 2368, 2377, 2393, 2417, 2426, 2435, 2452, 2461, 2475, 2484, 2494, 2511, 2520, 2529, 2538, 2547, 2563, 2579,
  2597, 2604, 2613, 2622, 2631, 2640, 2650, 2659, 2668, 2680, 2689, 2698, 2707, 2716, 2720, 2729, 2748, 2757, 2766, 2776,
  2796, 2805, 2814, 2823, 2832, 2843, 2875, 2885, 2894, 2903, 2912, 2933, 2942, 2951, 2960, 2969, 2975, 2988, 2997, 3002,
  3018, 3033, 3052, 3061, 3070, 3083, 3099, 3108, 3124, 3133, 3142, 3155, 3171, 3180, 3189, 3204, 3213, 3222, 3241, 3253,
  3262, 3271, 3280, 3289, 3298, 3307, 3316, 3327, 3336, 3345, 3362, 3382, 3386, 3396, 3401, 3418, 3459, 3475, 3482, 3491,
  3500, 3509, 3518, 3533, 3584, 3593, 3625, 3634, 3646, 3651, 3663, 3672, 3681, 3698, 3718, 3729, 3750, 3757, 3778, 3787,
  3796, 3805, 3814, 3823, 3832, 3841, 3856, 3860, 3873, 3887, 3896, 3912, 3921, 3930, 3949, 3958, 3968, 3983, 3992, 4001,
  4010, 4025, 4036, 4045, 4054, 4063, 4072, 4081, 4090, 4099, 4108, 4117, 4126, 4135, 4144, 4156, 4165, 4178, 4187, 4207,
  4217, 4242, 4263, 4272, 4281, 4290, 4304, 4319, 4331, 4350, 4365, 4374, 4383, 4397, 4419, 4442, 4467, 4485, 4504, 4515,
  4526, 4543, 4554, 4573, 4591, 4610, 4628, 4639, 4657, 4668, 4686, 4697, 4718, 4729, 4742, 4753, 4764, 4775, 4786, 4797,
  4813, 4824, 4835, 4846, 4857, 4867, 4878, 4889, 4900, 4920, 4941, 4958, 4969, 4985, 5003, 5017, 5028, 5048, 5073, 5092,
  5110, 5121, 5142, 5153, 5180, 5191, 5202, 5213, 5224, 5246, 5257, 5268, 5279, 5298, 5309, 5320, 5335, 5346, 5370, 5381,
  5392, 5403, 5414, 5431, 5452, 5471, 5482, 5499, 5510, 5530, 5541, 5557, 5574, 5595, 5612, 5635, 5654, 5679, 5694, 5711,
  5732, 5748, 5768, 5790, 5811, 5822, 5856, 5876, 5892, 5906, 5919, 5939, 5955, 5984, 6000, 6018, 6034, 6059, 6073, 6100,
  6113, 6134, 6151, 6162, 6191, 6207, 6239, 6251, 6266, 6285, 6299, 6326, 6352, 6383, 6393, 6429, 6442, 6459, 6470, 6494,
  6515, 6528, 6538, 6554, 6581, 6597, 6609, 6622, 6642, 6654, 6679, 6706, 6733, 6747, 6770, 6783, 6810, 6823, 6847, 6874,
  6901, 6928, 6955, 6968, 6995, 7022, 7049, 7062, 7082, 7109, 7120, 7147, 7174, 7190, 7217, 7230, 7257, 7271, 7286, 7299,
  7315, 7342, 7366, 7393, 7407, 7434, 7446, 7473, 7484, 7514, 7528, 7541, 7554, 7570, 7597, 7613, 7628, 7640, 7654, 7681,
  7707, 7734, 7761, 7789, 7805, 7832, 7859, 7886, 7900, 7927, 7954, 7981, 8008, 8035, 8062, 8089, 8116, 8133, 8160, 8187,
  8198, 8225, 8252, 8279, 8306, 8328, 8355, 8369, 8383, 8410, 8427, 8441, 8468, 8495, 8506, 8533, 8560, 8587, 8599, 8609,
  8621, 8635, 8663, 8689, 8713, 8725, 8740, 8755, 8776, 8789, 8808, 8823, 8835, 8850, 8866, 8880, 8902, 8917, 8930, 8943,
  8958, 8970, 8984, 8997, 9022, 9035, 9052, 9079, 9101, 9110, 9123, 9137, 9164, 9179, 9206, 9220, 9234, 9251, 9264, 9281,
  9298, 9325, 9349, 9364, 9379, 9406, 9424, 9437, 9464, 9481, 9497, 9512, 9527, 9541, 9556, 9578, 9591, 9609, 9620, 9644,
  9659, 9669, 9685, 9699, 9718, 9726, 9773, 9793, 9808, 9821, 9834, 9845, 9859, 9886, 9900, 9924, 9945, 9964, 9986, 10017,
  10031, 10046, 10064, 10077, 10091, 10111, 10125, 10151, 10163, 10179, 10197, 10208, 10224, 10249, 10271, 10287, 10315, 10330, 10348, 10370,
  10397, 10429, 10454, 10482, 10510, 10527, 10552, 10561, 10587, 10604, 10620, 10636, 10658, 10672, 10696, 10716, 10732, 10747, 10766, 10790,
  10804, 10823, 10850, 10877, 10904, 10931, 10958, 10985, 11012, 11039, 11066, 11093, 11120, 11147, 11174, 11201, 11228, 11255, 11282, 11309,
  11336, 11363, 11390, 11417, 11444, 11471, 11498, 11525, 11552, 11579, 11606, 11633, 11660, 11687, 11714, 11741, 11753, 11776, 11786, 11884,
  11903, 11922, 11946, 11988, 12100, 12153, 12181, 12208, 12232, 12270, 12317, 12360, 12396, 12445, 12466, 12517, 12572, 12613, 12623, 12649,
  12668, 12697, 12756, 12800, 12837, 12869, 12918, 12975, 13026, 13073, 13133, 13167, 13198, 13230, 13274, 13320, 13368, 13408, 13465, 13514,
  13556, 13618, 13638, 13694, 13727, 13762, 13808, 13840, 13884, 13913, 13950, 13985, 14001, 14042, 14062, 14078, 14094, 14110, 14128, 14143,
  14169, 14198, 14237, 14274, 14296, 14305, 14366, 14447, 14488, 14513, 14536, 14573, 14628, 14654, 14667, 14715, 14734, 14753, 14772, 14799,
  14847, 14876, 14914, 14950, 14973, 15011, 15023, 15046, 15080, 15126, 15148, 15190, 15258, 15280, 15327, 15380, 15427, 15454, 15471, 15524,
  15549, 15562, 15571, 15601, 15701, 15723, 15766, 15787, 15832, 15876, 15933, 15960, 16000, 16039, 16053, 16082, 16109, 16131, 16165, 16187,
  16199, 16250, 16295, 16322, 16360, 16406, 16427, 16474, 16499, 16535, 16656, 16712, 16731, 16767, 16826, 16876, 16925, 16977, 17021, 17053,
  17079, 17138, 17161, 17210, 17246, 17262, 17305, 17354, 17363, 17387, 17415, 17457, 17503, 17545, 17567, 17609, 17660, 17711, 17761, 17863,
  17888, 17932, 17997, 18078, 18120, 18211, 18222, 18254, 18285, 18325, 18357, 18370, 18401, 18422, 18446, 18511, 18543, 18570, 18594, 18640,
  18672, 18722, 18738, 18762, 18822, 18843, 18878, 18917, 18958, 19009, 19055, 19095, 19141, 19186, 19263, 19294, 19361, 19415, 19487, 19578,
  19624, 19668, 19679, 19720, 19754, 19798, 19834, 19863, 19897, 19922, 19947, 19958, 19974, 19993, 20041, 20085, 20118, 20173, 20188, 20237,
  20264, 20319, 20356, 20415, 20439, 20464, 20497, 20560, 20637, 20670, 20685, 20767, 20800, 20822, 20852, 20886, 20988, 21042, 21131, 21171,
  21218, 21268, 21295, 21306, 21320, 21354, 21396, 21477, 21506, 21543, 21553, 21585, 21654, 21683, 21716, 21781, 21804, 21837, 21874, 21935,
  21955, 21999, 22041, 22065, 22089, 22113, 22166, 22202, 22253, 22300, 22347, 22396, 22402, 22425, 22438, 22486, 22520, 22552, 22596, 22637,
  22678, 22721,
];

export const NAMES = `Veterinary Services
Agricultural Co-operatives
Horticultural Services, Landscaping Services
General Contractors-Residential and Commercial
Air Conditioning Contractors – Sales and Installation, Heating Contractors – Sales, Service, Installation
Electrical Contractors
Insulation – Contractors, Masonry, Stonework Contractors, Plastering Contractors, Stonework and Masonry Contractors, Tile Settings Contractors
Carpentry Contractors
Roofing – Contractors, Sheet Metal Work – Contractors, Siding – Contractors
Contractors – Concrete Work
Contractors – Special Trade, Not Elsewhere Classified
Miscellaneous Publishing and Printing
Typesetting, Plate Making, & Related Services
Specialty Cleaning, Polishing, and Sanitation Preparations
UNITED AIRLINES
AMERICAN AIRLINES
PAN AMERICAN
Airlines
TRANS WORLD AIRLINES
BRITISH AIRWAYS
JAPAN AIRLINES
AIR FRANCE
LUFTHANSA
AIR CANADA
KLM (ROYAL DUTCH AIRLINES)
AEORFLOT
QANTAS
ALITALIA
SAUDIA ARABIAN AIRLINES
SWISSAIR
SAS
SOUTH AFRICAN AIRWAYS
VARIG (BRAZIL)
Airlines
AIR-INDIA
AIR ALGERIE
PHILIPPINE AIRLINES
MEXICANA
PAKISTAN INTERNATIONAL
AIR NEW ZEALAND
Airlines
UTA/INTERAIR
AIR MALTA
SABENA
AEROLINEAS ARGENTINAS
OLYMPIC AIRWAYS
EL AL
ANSETT AIRLINES
AUSTRAINLIAN AIRLINES
TAP (PORTUGAL)
VASP (BRAZIL)
EGYPTAIR
KUWAIT AIRLINES
AVIANCA
GULF AIR (BAHRAIN)
BALKAN-BULGARIAN AIRLINES
FINNAIR
AER LINGUS
AIR LANKA
NIGERIA AIRWAYS
CRUZEIRO DO SUL (BRAZIJ)
THY (TURKEY)
ROYAL AIR MAROC
TUNIS AIR
ICELANDAIR
AUSTRIAN AIRLINES
LANCHILE
AVIACO (SPAIN)
LADECO (CHILE)
LAB (BOLIVIA)
QUEBECAIRE
EASTWEST AIRLINES (AUSTRALIA)
DELTA
Airlines
NORTHWEST
CONTINENTAL
WESTERN
US AIR
Airlines
AIRINTER
SOUTHWEST
Airlines
Airlines
SUN COUNTRY AIRLINES
Airlines
AIR BRITISH COLUBIA
Airlines
Airlines
Airlines
SINGAPORE AIRLINES
AEROMEXICO
THAI AIRWAYS
CHINA AIRLINES
Airlines
Airlines
NORDAIR
KOREAN AIRLINES
AIR AFRIGUE
EVA AIRLINES
MIDWEST EXPRESS AIRLINES, INC.
Airlines
METRO AIRLINES
CROATIA AIRLINES
TRANSAERO
Airlines
Airlines
Airlines
Airlines
ZAMBIA AIRWAYS
Airlines
AIR ZIMBABWE
Airlines
Airlines
CATHAY PACIFIC
MALAYSIAN AIRLINE SYSTEM
Airlines
IBERIA
GARUDA (INDONESIA)
Airlines
Airlines
BRAATHENS S.A.F.E. (NORWAY)
Airlines
Airlines
Airlines
WINGS AIRWAYS
BRITISH MIDLAND
WINDWARD ISLAND
Airlines
Airlines
Airlines
Airlines
VIASA
VALLEY AIRLINES
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
TAN
TALAIR
TACA INTERNATIONAL
Airlines
SURINAM AIRWAYS
SUN WORLD INTERNATIONAL
Airlines
Airlines
SUNBELT AIRLINES
Airlines
SUDAN AIRWAYS
Airlines
SINGLETON
SIMMONS AIRLINES
Airlines
Airlines
Airlines
Airlines
SCENIC AIRLINES
VIRGIN ATLANTIC
SAN JUAN AIRLINES
LUXAIR
Airlines
Airlines
Airlines
Airlines
AIR ZAIRE
Airlines
Airlines
PRINCEVILLE
Airlines
Airlines
Airlines
Airlines
PBA
Airlines
ALL NIPPON AIRWAYS
Airlines
Airlines
NORONTAIR
NEW YORK HELICOPTER
Airlines
Airlines
Airlines
Airlines
NOUNT COOK
CANADIAN AIRLINES INTERNATIONAL
NATIONAIR
Airlines
Airlines
Airlines
METROFLIGHT AIRLINES
Airlines
MESA AIR
Airlines
Airlines
MALEV
LOT (POLAND)
Airlines
LIAT
LAV (VENEZUELA)
LAP (PARAGUAY)
LACSA (COSTA RICA)
Airlines
Airlines
JUGOSLAV AIR
ISLAND AIRLINES
IRAN AIR
INDIAN AIRLINES
Airlines
Airlines
HAWAIIAN AIR
HAVASU AIRLINES
Airlines
Airlines
FUYANA AIRWAYS
Airlines
Airlines
GOLDEN PACIFIC AIR
FREEDOM AIR
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
DOMINICANA
Airlines
Airlines
DAN AIR SERVICES
CUMBERLAND AIRLINES
CSA
CROWN AIR
COPA
COMPANIA FAUCETT
TRANSPORTES AEROS MILITARES ECCUATORANOS
COMMAND AIRWAYS
COMAIR
Airlines
Airlines
Airlines
Airlines
CAYMAN AIRWAYS
SAETA SOCIAEDAD ECUATORIANOS DE TRANSPORTES AEREOS
Airlines
SASHA SERVICIO AERO DE HONDURAS
Airlines
CAPITOL AIR
BWIA
BROKWAY AIR
Airlines
Airlines
BEMIDJI AIRLINES
BAR HARBOR AIRLINES
BAHAMASAIR
AVIATECA (GUATEMALA)
AVENSA
AUSTRIAN AIR SERVICE
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
ALOHA AIRLINES
ALM
AMERICA WEST
TRUMP AIRLINE
Airlines
ALASKA AIRLINES
Airlines
Airlines
AMERICAN TRANS AIR
Airlines
AIR CHINA
RENO AIR, INC.
Airlines
Airlines
Airlines
AIR SEYCHELLES
AIR PANAMA
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
Airlines
AIR JAMAICA
Airlines
AIR DJIBOUTI
Airlines
AERO VIRGIN ISLANDS
AERO PERU
AEROLINEAS NICARAGUENSIS
AERO COACH AVAIATION
Airlines
Airlines
Airlines
ARIANA AFGHAN
CYPRUS AIRWAYS
ECUATORIANA
ETHIOPIAN AIRLINES
KENYA AIRLINES
Airlines
Airlines
AIR MAURITIUS
WIDERO’S FLYVESELSKAP
AFFILIATED AUTO RENTAL
AMERICAN INTL RENT-A-CAR
BROOKS RENT-A-CAR
ACTION AUTO RENTAL
Car Rental
Car Rental
HERTZ RENT-A-CAR
Car Rental
PAYLESS CAR RENTAL
SNAPPY CAR RENTAL
AIRWAYS RENT-A-CAR
ALTRA AUTO RENTAL
Car Rental
AGENCY RENT-A-CAR
Car Rental
BUDGET RENT-A-CAR
Car Rental
HOLIDAY RENT-A-WRECK
Car Rental
RENT-A-WRECK
Car Rental
Car Rental
Car Rental
Car Rental
Car Rental
AJAX RENT-A-CAR
Car Rental
Car Rental
Car Rental
Car Rental
EUROP CAR
Car Rental
Car Rental
Car Rental
TROPICAL RENT-A-CAR
SHOWCASE RENTAL CARS
ALAMO RENT-A-CAR
Car Rental
AVIS RENT-A-CAR
DOLLAR RENT-A-CAR
EUROPE BY CAR
Car Rental
NATIONAL CAR RENTAL
KEMWELL GROUP RENT-A-CAR
THRIFTY RENT-A-CAR
TILDEN TENT-A-CAR
Car Rental
ECONO-CAR RENT-A-CAR
Car Rental
AUTO HOST COST CAR RENTALS
Car Rental
Car Rental
Car Rental
Car Rental
ENTERPRISE RENT-A-CAR
Car Rental
Car Rental
Car Rental
GENERAL RENT-A-CAR
Car Rental
Car Rental
A-1 RENT-A-CAR
Car Rental
GODFREY NATL RENT-A-CAR
Car Rental
Car Rental
Car Rental
Car Rental
ALPHA RENT-A-CAR
ANSA INTL RENT-A-CAR
ALLSTAE RENT-A-CAR
Car Rental
AVCAR RENT-A-CAR
Car Rental
AUTOMATE RENT-A-CAR
Car Rental
AVON RENT-A-CAR
CAREY RENT-A-CAR
INSURANCE RENT-A-CAR
MAJOR RENT-A-CAR
REPLACEMENT RENT-A-CAR
RESERVE RENT-A-CAR
UGLY DUCKLING RENT-A-CAR
USA RENT-A-CAR
VALUE RENT-A-CAR
AUTOHANSA RENT-A-CAR
CITE RENT-A-CAR
INTERENT RENT-A-CAR
MILLEVILLE RENT-A-CAR
VIA ROUTE RENT-A-CAR
Car Rental
HOLIDAY INNS, HOLIDAY INN EXPRESS
BEST WESTERN HOTELS
SHERATON HOTELS
HILTON HOTELS
FORTE HOTELS
GOLDEN TULIP HOTELS
FRIENDSHIP INNS
QUALITY INNS, QUALITY SUITES
MARRIOTT HOTELS
DAYS INN, DAYSTOP
ARABELLA HOTELS
INTER-CONTINENTAL HOTELS
WESTIN HOTELS
Hotels/Motels/Inns/Resorts
RODEWAY INNS
LA QUINTA MOTOR INNS
AMERICANA HOTELS
SOL HOTELS
PULLMAN INTERNATIONAL HOTELS
MERIDIEN HOTELS
CREST HOTELS (see FORTE HOTELS)
TOKYO HOTEL
PENNSULA HOTEL
WELCOMGROUP HOTELS
DUNFEY HOTELS
Hotels/Motels/Inns/Resorts
DOWNTOWNER-PASSPORT HOTEL
RED LION HOTELS, RED LION INNS
CP HOTELS
RENAISSANCE HOTELS, STOUFFER HOTELS
ASTIR HOTELS
SUN ROUTE HOTELS
HOTEL IBIS
SOUTHERN PACIFIC HOTELS
HILTON INTERNATIONAL
AMFAC HOTELS
ANA HOTEL
CONCORDE HOTELS
Hotels/Motels/Inns/Resorts
IBEROTEL HOTELS
HOTEL OKURA
ROYAL HOTELS
FOUR SEASONS HOTELS
CIGA HOTELS
SHANGRI-LA INTERNATIONAL
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
HOTELES MELIA
AUBERGE DES GOVERNEURS
REGAL 8 INNS
Hotels/Motels/Inns/Resorts
COAST HOTELS
PARK INNS INTERNATIONAL
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
JOLLY HOTELS
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
COMFORT INNS
JOURNEY’S END MOTLS
Hotels/Motels/Inns/Resorts
RELAX INNS
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
LADBROKE HOTELS
Hotels/Motels/Inns/Resorts
FORUM HOTELS
Hotels/Motels/Inns/Resorts
MIYAKO HOTELS
SANDMAN HOTELS
VENTURE INNS
VAGABOND HOTELS
Hotels/Motels/Inns/Resorts
MANDARIN ORIENTAL HOTEL
Hotels/Motels/Inns/Resorts
HOTEL MERCURE
Hotels/Motels/Inns/Resorts
DELTA HOTEL
Hotels/Motels/Inns/Resorts
SAS HOTELS
PRINCESS HOTELS INTERNATIONAL
HUNGAR HOTELS
SOKOS HOTELS
DORAL HOTELS
HELMSLEY HOTELS
Hotels/Motels/Inns/Resorts
FAIRMONT HOTELS
SONESTA HOTELS
OMNI HOTELS
CUNARD HOTELS
Hotels/Motels/Inns/Resorts
HOSPITALITY INTERNATIONAL
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
REGENT INTERNATIONAL HOTELS
PANNONIA HOTELS
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
NOAH’S HOTELS
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
MOVENPICK HOTELS
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
TRAVELODGE
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
TELFORD INTERNATIONAL
Hotels/Motels/Inns/Resorts
MERLIN HOTELS
DORINT HOTELS
Hotels/Motels/Inns/Resorts
HOTLE UNIVERSALE
PRINCE HOTELS
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
DAN HOTELS
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
RANK HOTELS
SWISSOTEL
RESO HOTELS
SAROVA HOTELS
RAMADA INNS, RAMADA LIMITED
HO JO INN, HOWARD JOHNSON
MOUNT CHARLOTTE THISTLE
HYATT HOTEL
SOFITEL HOTELS
NOVOTEL HOTELS
STEIGENBERGER HOTELS
ECONO LODGES
QUEENS MOAT HOUSES
SWALLOW HOTELS
HUSA HOTELS
DE VERE HOTELS
RADISSON HOTELS
RED ROOK INNS
IMPERIAL LONDON HOTEL
EMBASSY HOTELS
PENTA HOTELS
LOEWS HOTELS
SCANDIC HOTELS
SARA HOTELS
OBEROI HOTELS
OTANI HOTELS
TAJ HOTELS INTERNATIONAL
KNIGHTS INNS
METROPOLE HOTELS
Hotels/Motels/Inns/Resorts
HOTELES EL PRESIDENTS
FLAG INN
HAMPTON INNS
STAKIS HOTELS
Hotels/Motels/Inns/Resorts
MARITIM HOTELS
Hotels/Motels/Inns/Resorts
ARCARD HOTELS
ARCTIA HOTELS
CAMPANIEL HOTELS
IBUSZ HOTELS
RANTASIPI HOTELS
INTERHOTEL CEDOK
Hotels/Motels/Inns/Resorts
CLIMAT DE FRANCE HOTELS
CUMULUS HOTELS
DANUBIUS HOTEL
Hotels/Motels/Inns/Resorts
ADAMS MARK HOTELS
ALLSTAR INNS
Hotels/Motels/Inns/Resorts
BUDGET HOST INNS
BUDGETEL HOTELS
SUISSE CHALETS
CLARION HOTELS
COMPRI HOTELS
CONSORT HOTELS
COURTYARD BY MARRIOTT
DILLION INNS
DOUBLETREE HOTELS
DRURY INNS
ECONOMY INNS OF AMERICA
EMBASSY SUITES
EXEL INNS
FARFIELD HOTELS
HARLEY HOTELS
MIDWAY MOTOR LODGE
MOTEL 6
GUEST QUARTERS (Formally PICKETT SUITE HOTELS)
THE REGISTRY HOTELS
RESIDENCE INNS
ROYCE HOTELS
SANDMAN INNS
SHILO INNS
SHONEY’S INNS
Hotels/Motels/Inns/Resorts
SUPER8 MOTELS
THE RITZ CARLTON HOTELS
FLAG INNS (AUSRALIA)
GOLDEN CHAIN HOTEL
QUALITY PACIFIC HOTEL
FOUR SEASONS HOTEL (AUSTRALIA)
FARIFIELD INN
CARLTON HOTELS
CITY LODGE HOTELS
KAROS HOTELS
PROTEA HOTELS
SOUTHERN SUN HOTELS
HILTON CONRAD
WYNDHAM HOTEL AND RESORTS
RICA HOTELS
INER NOR HOTELS
SEAINES PLANATION
RIO SUITES
BROADMOOR HOTEL
BALLY’S HOTEL AND CASINO
JOHN ASCUAGA’S NUGGET
MGM GRAND HOTEL
HARRAH’S HOTELS AND CASINOS
OPRYLAND HOTEL
BOCA RATON RESORT
HARVEY/BRISTOL HOTELS
Hotels/Motels/Inns/Resorts
COLORADO BELLE/EDGEWATER RESORT
RIVIERA HOTEL AND CASINO
TROPICANA RESORT AND CASINO
WOODSIDE HOTELS AND RESORTS
TOWNPLACE SUITES
MILLENIUM BROADWAY HOTEL
CLUB MED
BILTMORE HOTEL AND SUITES
CAREFREE RESORTS
ST. REGIS HOTEL
THE ELIOT HOTEL
CLUBCORP/CLUB RESORTS
WELESLEY INNS
THE BEVERLY HILLS HOTEL
CROWNE PLAZA HOTELS
HOMEWOOD SUITES
PEABODY HOTELS
GREENBRIAH RESORTS
AMELIA ISLAND PLANATION
THE HOMESTEAD
SOUTH SEAS RESORTS
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Hotels/Motels/Inns/Resorts
Home2Suites
* MASTERS ECONOMY INNS
Railroads
Local/Suburban Commuter Passenger Transportation – Railroads, Feries, Local Water Transportation.
Passenger Railways
Ambulance Services
Taxicabs and Limousines
Bus Lines, Including Charters, Tour Buses
Motor Freight Carriers, Moving and Storage Companies, Trucking – Local/Long Distance, Delivery Services – Local
Courier Services – Air or Ground, Freight forwarders
Public warehousing, Storage
Cruise and Steamship Lines
Boat Rentals and Leases
Marinas, Marine Service, and Supplies
Airlines, Air Carriers ( not listed elsewhere)
Airports, Airport Terminals, Flying Fields
Travel Agencies and Tour Operations
Package Tour Operators (For use in Germany only)
Toll and Bridge Fees
Transportation Services, Not elsewhere classified)
Telecommunications Equipment including telephone sales
Fax services, Telecommunication Services
VisaPhone
Computer Network Services
Telegraph services
Money Orders – Wire Transfer
Cable and other pay television (previously Cable Services)
Electric, Gas, Sanitary and Water Utilities
Motor vehicle supplies and new parts
Office and Commercial Furniture
Construction Materials, Not Elsewhere Classified
Office, Photographic, Photocopy, and Microfilm Equipment
Computers, Computer Peripheral Equipment, Software
Commercial Equipment, Not Elsewhere Classified
Medical, Dental Ophthalmic, Hospital Equipment and Supplies
Metal Service Centers and Offices
Electrical Parts and Equipment
Hardware Equipment and Supplies
Plumbing and Heating Equipment and Supplies
Industrial Supplies, Not Elsewhere Classified
Precious Stones and Metals, Watches and Jewelry
Durable Goods, Not Elsewhere Classified
Stationery, Office Supplies, Printing, and Writing Paper
Drugs, Drug Proprietors, and Druggist’s Sundries
Piece Goods, Notions, and Other Dry Goods
Men’s Women’s and Children’s Uniforms and Commercial Clothing
Commercial Footwear
Chemicals and Allied Products, Not Elsewhere Classified
Petroleum and Petroleum Products
Books, Periodicals, and Newspapers
Florists’ Supplies, Nursery Stock and Flowers
Paints, Varnishes, and Supplies
Non-durable Goods, Not Elsewhere Classified
Home Supply Warehouse Stores
Lumber and Building Materials Stores
Glass, Paint, and Wallpaper Stores
Hardware Stores
Nurseries – Lawn and Garden Supply Store
Mobile Home Dealers
Wholesale Clubs
Duty Free Store
Discount Stores
Department Stores
Variety Stores
Misc. General Merchandise
Grocery Stores, Supermarkets
Meat Provisioners – Freezer and Locker
Candy, Nut, and Confectionery Stores
Dairy Products Stores
Bakeries
Misc. Food Stores – Convenience Stores and Specialty Markets
Car and Truck Dealers (New and Used) Sales, Service, Repairs, Parts, and Leasing
Automobile and Truck Dealers (Used Only)
Automobile Supply Stores
Automotive Tire Stores
Automotive Parts, Accessories Stores
Service Stations ( with or without ancillary services)
Automated Fuel Dispensers
Boat Dealers
Recreational and Utility Trailers, Camp Dealers
Motorcycle Dealers
Motor Home Dealers
Snowmobile Dealers
Miscellaneous Auto Dealers
Men’s and Boy’s Clothing and Accessories Stores
Women’s Ready-to-Wear Stores
Women’s Accessory and Specialty Shops
Children’s and Infant’s Wear Stores
Family Clothing Stores
Sports Apparel, Riding Apparel Stores
Shoe Stores
Furriers and Fur Shops
Men’s and Women’s Clothing Stores
Tailors, Seamstress, Mending, and Alterations
Wig and Toupee Stores
Miscellaneous Apparel and Accessory Shops
Furniture, Home Furnishings, and Equipment Stores, ExceptAppliances
Floor Covering Stores
Drapery, Window Covering and Upholstery Stores
Fireplace, Fireplace Screens, and Accessories Stores
Miscellaneous Home Furnishing Specialty Stores
Household Appliance Stores
Electronic Sales
Music Stores, Musical Instruments, Piano Sheet Music
Computer Software Stores
Record Shops
Caterers
Eating places and Restaurants
Drinking Places (Alcoholic Beverages), Bars, Taverns, Cocktail lounges, Nightclubs and Discotheques
Fast Food Restaurants
Digital Goods: Media, Books, Movies, Music
Digital Goods: Games
Digital Goods: Applications (Excludes Games)
Digital Goods: Large Digital Goods Merchant
Antique Shops – Sales, Repairs, and Restoration Services
Drug Stores and Pharmacies
Package Stores – Beer, Wine, and Liquor
Used Merchandise and Secondhand Stores
Antique Shops
Pawn Shops and Salvage Yards
Wrecking and Salvage Yards
Antique Reproductions
Bicycle Shops – Sales and Service
Sporting Goods Stores
Book Stores
Stationery Stores, Office and School Supply Stores
Watch, Clock, Jewelry, and Silverware Stores
Hobby, Toy, and Game Shops
Camera and Photographic Supply Stores
Card Shops, Gift, Novelty, and Souvenir Shops
Leather Goods Stores
Sewing, Needle, Fabric, and Price Goods Stores
Glassware/Crystal Stores
Direct Marketing- Insurance Service
Mail Order Houses Including Catalog Order Stores, Book/Record Clubs (No longer permitted for U.S. original presentments)
Direct Marketing – Travel Related Arrangements Services
Door-to-Door Sales
Direct Marketing – Catalog Merchant
Direct Marketing – Catalog and Catalog and Retail Merchant
Direct Marketing- Outbound Telemarketing Merchant
Direct Marketing – Inbound Teleservices Merchant
Direct Marketing – Continuity/Subscription Merchant
Direct Marketing – Not Elsewhere Classified
Artist’s Supply and Craft Shops
Art Dealers and Galleries
Stamp and Coin Stores – Philatelic and Numismatic Supplies
Religious Goods Stores
Hearing Aids – Sales, Service, and Supply Stores
Orthopedic Goods Prosthetic Devices
Cosmetic Stores
Typewriter Stores – Sales, Rental, Service
Fuel – Fuel Oil, Wood, Coal, Liquefied Petroleum
Florists
Cigar Stores and Stands
News Dealers and Newsstands
Pet Shops, Pet Foods, and Supplies Stores
Swimming Pools – Sales, Service, and Supplies
Electric Razor Stores – Sales and Service
Tent and Awning Shops
Miscellaneous and Specialty Retail Stores
Financial Institutions – Manual Cash Disbursements
Financial Institutions – Manual Cash Disbursements
Financial Institutions – Merchandise and Services
Non-Financial Institutions – Foreign Currency, Money Orders (not wire transfer) and Travelers Cheques
Security Brokers/Dealers
Insurance Sales, Underwriting, and Premiums
Insurance Premiums, (no longer valid for first presentment work)
Insurance, Not Elsewhere Classified ( no longer valid forfirst presentment work)
Real Estate Agents and Managers - Rentals
Lodging – Hotels, Motels, Resorts, Central Reservation Services (not elsewhere classified)
Timeshares
Sporting and Recreational Camps
Trailer Parks and Camp Grounds
Laundry, Cleaning, and Garment Services
Laundry – Family and Commercial
Dry Cleaners
Carpet and Upholstery Cleaning
Photographic Studios
Barber and Beauty Shops
Shop Repair Shops and Shoe Shine Parlors, and Hat Cleaning Shops
Funeral Service and Crematories
Dating and Escort Services
Tax Preparation Service
Counseling Service – Debt, Marriage, Personal
Buying/Shopping Services, Clubs
Clothing Rental – Costumes, Formal Wear, Uniforms
Massage Parlors
Health and Beauty Shops
Miscellaneous Personal Services ( not elsewhere classifies)
Advertising Services
Consumer Credit Reporting Agencies
Blueprinting and Photocopying Services
Commercial Photography, Art and Graphics
Quick Copy, Reproduction and Blueprinting Services
Stenographic and Secretarial Support Services
Exterminating and Disinfecting Services
Cleaning and Maintenance, Janitorial Services
Employment Agencies, Temporary Help Services
Computer Programming, Integrated Systems Design and Data Processing Services
Information Retrieval Services
Computer Maintenance and Repair Services, Not Elsewhere Classified
Management, Consulting, and Public Relations Services
Protective and Security Services – Including Armored Carsand Guard Dogs
Equipment Rental and Leasing Services, Tool Rental, Furniture Rental, and Appliance Rental
Photofinishing Laboratories, Photo Developing
Business Services, Not Elsewhere Classified
Truck Stop
Car Rental Companies ( Not Listed Below)
Truck and Utility Trailer Rentals
Motor Home and Recreational Vehicle Rentals
Automobile Parking Lots and Garages
Automotive Body Repair Shops
Tire Re-treading and Repair Shops
Paint Shops – Automotive
Automotive Service Shops
Car Washes
Towing Services
Radio Repair Shops
Air Conditioning and Refrigeration Repair Shops
Electrical And Small Appliance Repair Shops
Watch, Clock, and Jewelry Repair
Furniture, Furniture Repair, and Furniture Refinishing
Welding Repair
Repair Shops and Related Services –Miscellaneous
Government-Owned Lotteries
Government-Licensed On-Line Casinos (On-Line Gambling)
Government-Licensed Horse/Dog Racing
Motion Pictures and Video Tape Production and Distribution
Motion Picture Theaters
Video Tape Rental Stores
Dance Halls, Studios and Schools
Theatrical Producers (Except Motion Pictures), Ticket Agencies
Bands, Orchestras, and Miscellaneous Entertainers (Not Elsewhere Classified)
Billiard and Pool Establishments
Bowling Alleys
Commercial Sports, Athletic Fields, Professional Sport Clubs, and Sport Promoters
Tourist Attractions and Exhibits
Golf Courses – Public
Video Amusement Game Supplies
Video Game Arcades/Establishments
Betting (including Lottery Tickets, Casino Gaming Chips, Off-track Betting and Wagers at Race Tracks)
Amusement Parks, Carnivals, Circuses, Fortune Tellers
Membership Clubs (Sports, Recreation, Athletic), Country Clubs, and Private Golf Courses
Aquariums, Sea-aquariums, Dolphinariums
Recreation Services (Not Elsewhere Classified)
Doctors and Physicians (Not Elsewhere Classified)
Dentists and Orthodontists
Osteopaths
Chiropractors
Optometrists and Ophthalmologists
Opticians, Opticians Goods and Eyeglasses
Opticians, Optical Goods, and Eyeglasses (no longer validfor first presentments)
Podiatrists and Chiropodists
Nursing and Personal Care Facilities
Hospitals
Medical and Dental Laboratories
Medical Services and Health Practitioners (Not Elsewhere Classified)
Legal Services and Attorneys
Elementary and Secondary Schools
Colleges, Junior Colleges, Universities, and ProfessionalSchools
Correspondence Schools
Business and Secretarial Schools
Vocational Schools and Trade Schools
Schools and Educational Services ( Not Elsewhere Classified)
Child Care Services
Charitable and Social Service Organizations
Civic, Fraternal, and Social Associations
Political Organizations
Religious Organizations
Automobile Associations
Membership Organizations ( Not Elsewhere Classified)
Testing Laboratories ( non-medical)
Architectural – Engineering and Surveying Services
Accounting, Auditing, and Bookkeeping Services
Professional Services ( Not Elsewhere Defined)
Court Costs, including Alimony and Child Support
Fines
Bail and Bond Payments
Tax Payments
Government Services ( Not Elsewhere Classified)
Postal Services – Government Only
Intra – Government Transactions
Automated Referral Service ( For Visa Only)
Visa Credential Service ( For Visa Only)
GCAS Emergency Services ( For Visa Only)
Intra – Company Purchases ( For Visa Only)
`;
